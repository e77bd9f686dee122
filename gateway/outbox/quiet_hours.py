"""When nobody wants to be written to unasked: nights, Shabbat and holidays, in the person's own zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.runtime.days_off import HOME_ZONE, is_day_off

_DAYS_AHEAD = 10
_OPENS = time(9)
_CLOSES = time(20)
_EVE_CLOSES = time(13)
_SATURDAY = 5
_DAY = timedelta(days=1)


def next_open(at: datetime, zone: str = HOME_ZONE) -> datetime:
    """Give `at` itself when it is no quiet time, else the end of the quiet time it falls in, as UTC.

    Open is 9:00 to 20:00, and until 13:00 on Fridays and eves of holidays; Shabbat and holidays are quiet. An unknown
    zone counts as home.
    """
    place = _zone(zone)
    local = at.astimezone(place)
    for days in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=days)
        if _is_quiet(day, place):
            continue
        opens = datetime.combine(day, _OPENS, place)
        if at < opens:
            return opens.astimezone(UTC)
        if at < datetime.combine(day, _EVE_CLOSES if _is_quiet(day + _DAY, place) else _CLOSES, place):
            return at
    raise AssertionError("there is an open day in every ten")


def _is_quiet(day: date, place: ZoneInfo) -> bool:
    return day.weekday() == _SATURDAY or is_day_off(day, place.key)


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(HOME_ZONE)
