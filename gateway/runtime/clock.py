"""The time. Everything that asks for it asks here, and gets aware UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """Tell the time, aware, in UTC."""
    return datetime.now(UTC)
