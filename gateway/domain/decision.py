"""What routing may know of one message, and what it decides about it, with the reason."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from gateway.domain.cases import CaseDraft, CaseFacts
from gateway.domain.consent import ConsentChange, Purpose
from gateway.domain.dialogue import Question
from gateway.domain.language import Language
from gateway.domain.outbox import Choice


class Action(StrEnum):
    """What happens to an inbound message; in the order of the rules, the first that applies wins."""

    IGNORE = "ignore"
    CONSENT = "consent"
    HAND_OVER = "hand_over"
    APPEND = "append"
    SURVEY_ANSWER = "survey_answer"
    FLOW_STEP = "flow_step"
    CASE_STATUS = "case_status"
    ANSWER = "answer"
    OFFER = "offer"
    OPEN_CASE = "open_case"


class Reason(Struct, frozen=True, kw_only=True):
    """Why, as a stable code and the details that fill its sentence; `routing.reasons` says it in words."""

    code: str
    details: Mapping[str, str] = field(default_factory=dict)


class Reply(Struct, frozen=True, kw_only=True):
    """An automatic reply: a message template with its values.

    `case_number` among a template's placeholders is filled once the case has one. `choices` become buttons, list rows
    or numbered lines; `question` is then what we wait for.
    """

    template: str
    language: Language
    values: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    purpose: Purpose = Purpose.REPLY
    acknowledges: bool = False


class SurveyAnswer(Struct, frozen=True, kw_only=True):
    """An answer to an open survey: `subject` as in the question, the score or the free words."""

    subject: str
    score: int | None = None
    words: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """What to do about one message, and why.

    `rule` is the number of the rule that applied (1 to 10). A `case` is opened unless the conversation has an open
    one, to which the message is then added. `question` replaces the
    conversation's open question; `keep_question` leaves it as it was, otherwise it is cleared. `article_key` names the
    knowledge used; `contact_language` is set when the customer's language became known.
    """

    action: Action
    rule: int
    reason: Reason
    replies: tuple[Reply, ...] = ()
    consent: ConsentChange | None = None
    case: CaseDraft | None = None
    question: Question | None = None
    keep_question: bool = False
    survey_answer: SurveyAnswer | None = None
    article_key: str | None = None
    contact_language: Language | None = None


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
