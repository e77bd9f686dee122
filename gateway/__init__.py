"""Eshnav: one conversation per customer, over SMS, WhatsApp and email."""

from importlib.metadata import version

__version__ = version("eshnav")
