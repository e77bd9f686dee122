"""Everything `routing.decide` may know: loaded for a whole batch by the store, given to pure code as a record."""

from datetime import datetime

from msgspec import Struct

from gateway.domain.case import CaseFacts
from gateway.domain.consent import Purpose
from gateway.domain.dialogue import Question
from gateway.domain.language import Language


class Facts(Struct, frozen=True, kw_only=True):
    """What is known about the conversation one message joined, at the moment it is decided.

    `newest_case` is the latest case, open or resolved. `question` is the open question this message answers: the one
    asked by the message it replies to when the channel says so (`question_by_context`), else the conversation's own.
    `is_first_message` is true when the contact never wrote before. `recent_automatic` counts automatic replies to
    this contact in the last 10 minutes, `daily_automatic` in the last 24 hours; `last_acknowledged_at` is when a
    case acknowledgement last went out.
    """

    now: datetime
    language: Language
    newest_case: CaseFacts | None = None
    question: Question | None = None
    question_by_context: bool = False
    opted_out: frozenset[Purpose] = frozenset()
    is_first_message: bool = True
    recent_automatic: int = 0
    daily_automatic: int = 0
    last_acknowledged_at: datetime | None = None
