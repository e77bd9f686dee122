"""The configuration: `load_settings` is the only reader of the environment and of eshnav.toml.

Everything else takes a `Settings`, or the part of it that it needs. Nothing here opens a connection.
"""

from gateway.config.settings import Retention, Settings, load_settings

__all__ = ["Retention", "Settings", "load_settings"]
