"""What the gateway asked and is waiting to hear: the open question of a conversation."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class QuestionKind(StrEnum):
    """What an answer to the open question would mean."""

    CHOICE = "choice"
    HELPFUL = "helpful"
    SURVEY = "survey"
    FLOW = "flow"


class Option(Struct, frozen=True, kw_only=True):
    """One acceptable answer: what it stands for (an article key, a flow step, a score) and the words shown."""

    target: str
    label: str


class Question(Struct, frozen=True, kw_only=True):
    """An open question.

    `subject` is the article key, `survey_id:question` or `flow:step` it is about; `asked` is the customer's
    own question that led to it, kept so that a case opened later shows it.
    """

    kind: QuestionKind
    subject: str
    options: tuple[Option, ...]
    expires_at: datetime
    asked: str = ""
