"""How the organisation wants to serve: queues, their opening hours and standards. Data, loaded from the store."""

from datetime import date, time

from msgspec import Struct

from gateway.domain.cases import Severity
from gateway.domain.language import Language


class Hours(Struct, frozen=True, kw_only=True):
    """When people answer: weekday (Monday is 0) → opening and closing time, in the zone `zone` (IANA name).

    On `days_off` nobody does, whatever the weekday.
    """

    zone: str
    weekdays: dict[int, tuple[time, time]]
    days_off: frozenset[date] = frozenset()


class QueueRule(Struct, frozen=True, kw_only=True):
    """A queue and what belongs in it: topics by the words that name them, and the promised minutes per severity."""

    name: str
    hours: Hours
    topics: dict[str, tuple[str, ...]]
    languages: frozenset[Language] = frozenset()
    answer_minutes: dict[Severity, int]


class Policy(Struct, frozen=True, kw_only=True):
    """All the queues, first the one that takes what fits nowhere else, and the name customers know us by."""

    organisation: dict[Language, str]
    queues: tuple[QueueRule, ...]
    help_url: str = ""
