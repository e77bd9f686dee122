"""What routing decided about one message, as data for the use case to carry out; pure records."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from gateway.domain.case import CaseDraft
from gateway.domain.consent import ConsentChange, Purpose
from gateway.domain.delivery import Choice
from gateway.domain.dialogue import Question
from gateway.domain.language import Language


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
