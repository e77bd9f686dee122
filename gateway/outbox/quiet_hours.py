"""When nobody wants to be written to unasked: nights and Shabbat, in the person's own zone. Pure."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HOME_ZONE = "Asia/Jerusalem"
_OPENS = time(9)
_CLOSES = time(20)
_FRIDAY_CLOSES = time(13)
_FRIDAY, _SATURDAY = 4, 5


def next_open(at: datetime, zone: str = HOME_ZONE) -> datetime:
    """Give `at` itself when it is no quiet time, else the end of the quiet time it falls in, as UTC.

    Open is 9:00 to 20:00 from Sunday to Thursday and until 13:00 on Friday. An unknown zone counts as home.
    """
    place = _zone(zone)
    local = at.astimezone(place)
    for days in range(8):
        day = local.date() + timedelta(days=days)
        if day.weekday() == _SATURDAY:
            continue
        opens = datetime.combine(day, _OPENS, place)
        if at < opens:
            return opens.astimezone(UTC)
        if at < datetime.combine(day, _FRIDAY_CLOSES if day.weekday() == _FRIDAY else _CLOSES, place):
            return at
    raise AssertionError("every week has an open day")


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(HOME_ZONE)
