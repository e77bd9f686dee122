"""How the organisation wants to serve: queues, their opening hours and standards. Data, loaded from the store."""

from dataclasses import dataclass
from datetime import time

from gateway.domain.case import Severity
from gateway.domain.language import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """When people answer: weekday (Monday is 0) → opening and closing time, in the zone `zone` (IANA name)."""

    zone: str
    weekdays: dict[int, tuple[time, time]]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueRule:
    """A queue and what belongs in it: topics by the words that name them, and the promised minutes per severity."""

    name: str
    hours: Hours
    topics: dict[str, tuple[str, ...]]
    languages: frozenset[Language] = frozenset()
    answer_minutes: dict[Severity, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """All the queues, first the one that takes what fits nowhere else, and the name customers know us by."""

    organisation: dict[Language, str]
    queues: tuple[QueueRule, ...]
    help_url: str = ""
