"""Dates and times as people say them, in Hebrew and English. What time it is anywhere is not known here."""

from datetime import datetime
from functools import lru_cache

from babel.dates import format_datetime

from gateway.domain.channel import Channel
from gateway.domain.language import Language

_LONG = {Language.HEBREW: "EEEE d בMMMM 'בשעה' H:mm", Language.ENGLISH: "EEEE d MMMM, H:mm"}
_SHORT = {Language.HEBREW: "EEE d.M, H:mm", Language.ENGLISH: "EEE d MMM, H:mm"}


@lru_cache(maxsize=4096)
def spoken_time(moment: str, language: Language, channel: Channel) -> str:
    """Say an ISO 8601 time in its own zone, shorter where every character costs; what is no time stays as it is."""
    try:
        time = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    pattern = (_SHORT if channel is Channel.SMS else _LONG)[language]
    return format_datetime(time, pattern, locale=language)
