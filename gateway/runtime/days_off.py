"""Holidays, on which nobody works and nobody wants to be written to unasked, by zone. Quiet hours are not told here."""

from datetime import date
from functools import lru_cache

import holidays

HOME_ZONE = "Asia/Jerusalem"


def is_day_off(day: date, zone: str) -> bool:
    """Whether the day is a public holiday where this zone is; holidays are known for Israel alone."""
    return zone == HOME_ZONE and day in days_off(day.year)


@lru_cache(maxsize=16)
def days_off(year: int) -> frozenset[date]:
    """Return Israel's public holidays of a year, which follow the Hebrew calendar; the eves are not among them."""
    return frozenset(holidays.country_holidays("IL", years=year))


def days_off_ahead(zone: str, year: int) -> frozenset[date]:
    """Return the holidays of a zone in this year and the next two, which is as far as promises and restarts reach."""
    if zone != HOME_ZONE:
        return frozenset()
    return days_off(year) | days_off(year + 1) | days_off(year + 2)
