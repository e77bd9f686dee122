"""When a person will answer: promised minutes counted within a queue's opening hours, its days off left out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain.policy import Hours

_DAYS_AHEAD = 60


def answer_due(hours: Hours, start: datetime, minutes: int) -> datetime:
    """Add opening minutes to a time: closed hours do not count. Aware in, aware out, in the zone of the hours.

    A promise made when everything is closed runs from the next opening. Where no opening is known, the clock on the
    wall counts.
    """
    zone = ZoneInfo(hours.zone)
    left = timedelta(minutes=minutes)
    today = start.astimezone(zone).date()
    for ahead in range(_DAYS_AHEAD):
        window = _opening(hours, today + timedelta(days=ahead), zone)
        if window is not None:
            opens, closes = window
            begins = max(opens, start)
            if begins < closes:
                if begins + left <= closes:
                    return (begins + left).astimezone(zone)
                left -= closes - begins
    return (start + timedelta(minutes=minutes)).astimezone(zone)


def _opening(hours: Hours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Give a day's opening and closing in UTC, so that a clock change in between cannot lengthen or shorten it."""
    times = hours.weekdays.get(day.weekday())
    if times is None or day in hours.days_off:
        return None
    opens, closes = (datetime.combine(day, at, tzinfo=zone).astimezone(UTC) for at in times)
    return opens, closes
