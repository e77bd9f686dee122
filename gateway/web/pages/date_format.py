"""Times and sizes as people read them, in their language and the organisation's time zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal

from gateway.domain.language import Language
from gateway.web.pages.i18n import say

_KILO = 1024


def clock_time(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """Write the time of day, such as 14:05."""
    return format_time(at.astimezone(zone), "HH:mm", locale=language)


def day(at: datetime, language: Language, zone: ZoneInfo, *, now: datetime) -> str:
    """Name a day: today, yesterday, a weekday of the last week, else the date."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return say("time.today", language)
    if local.date() == today - timedelta(days=1):
        return say("time.yesterday", language)
    if today - timedelta(days=6) <= local.date() < today:
        return format_date(local, "EEEE", locale=language)
    return format_date(local, "d MMMM" if local.year == today.year else "d MMMM y", locale=language)


def briefly(at: datetime, language: Language, zone: ZoneInfo, *, now: datetime) -> str:
    """Write a moment for a list: the time today, a word for yesterday, else the date."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return clock_time(at, language, zone)
    if local.date() == today - timedelta(days=1):
        return say("time.yesterday", language)
    return format_date(local, "d MMM" if local.year == today.year else "d.M.yy", locale=language)


def fully(at: datetime, language: Language, zone: ZoneInfo) -> str:
    """Write a moment whole, for a tooltip."""
    return format_datetime(at.astimezone(zone), "EEEE d MMMM y, HH:mm:ss", locale=language)


def size(size_bytes: int, language: Language) -> str:
    """Write how large a file is."""
    for unit in ("B", "KB", "MB"):
        if size_bytes < _KILO or unit == "MB":
            break
        size_bytes = -(-size_bytes // _KILO)
    return f"{format_decimal(size_bytes, locale=language)} {unit}"


def span(difference: timedelta, language: Language) -> str:
    """Write a duration in its largest whole unit, such as 3 h."""
    minutes = max(int(difference.total_seconds()) // 60, 0)
    if minutes < 60:  # noqa: PLR2004  minutes of an hour
        return say("time.minutes", language, count=minutes)
    if minutes < 48 * 60:
        return say("time.hours", language, count=minutes // 60)
    return say("time.days", language, count=minutes // 1440)
