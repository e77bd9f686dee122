"""Who sounds angry or about to leave, and what cannot wait: these go to a person, and sooner."""

from gateway.domain.cases import Severity
from routing.text import Phrases
from routing.words import phrases

LEAVING = "leaving"
UPSET = "upset"

_TABLE = phrases("urgency")
_MOODS = Phrases({mood: _TABLE[mood] for mood in (LEAVING, UPSET)})
_URGENCY = Phrases({level: _TABLE[level] for level in ("critical", "high", "low")})
_SEVERITIES = {"critical": Severity.CRITICAL, "low": Severity.LOW, "high": Severity.HIGH}


def mood(words: tuple[str, ...]) -> tuple[str, str] | None:
    """Say whether someone is leaving or upset, and by which words."""
    return _MOODS.find(words)


def severity(words: tuple[str, ...]) -> Severity:
    """Judge how urgent a message is by its words; the most urgent word counts."""
    if _MOODS.find(words):
        return min(Severity.HIGH, _urgency(words))
    return _urgency(words)


def _urgency(words: tuple[str, ...]) -> Severity:
    """`Not urgent` contains `urgent`, so low outranks high; what is critical stays so whatever else is said."""
    found = {name for name, _ in _URGENCY.find_all(words)}
    return next((level for name, level in _SEVERITIES.items() if name in found), Severity.NORMAL)
