"""The automatic replies of routing and the questions they leave open. Their words live in `templates/`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.domain.cases import CaseDraft
from gateway.domain.decision import Reply
from gateway.domain.dialogue import Option, Question, QuestionKind
from gateway.domain.outbox import Choice
from routing.situation import Situation

QUESTION_STAYS_OPEN = timedelta(hours=24)
_ASKED_CHARACTERS = 500


def organisation(situation: Situation) -> str:
    """Give the name customers know us by, in the language of the reply."""
    names = situation.policy.organisation
    return names.get(situation.language) or next(iter(names.values()), "")


def reply(situation: Situation, template: str, **values: str) -> Reply:
    """Make a reply in the language of the message."""
    return Reply(template=template, language=situation.language, values=values)


def asking(situation: Situation, template: str, options: Sequence[Option], **values: str) -> Reply:
    """Make a reply that asks: each option becomes a choice with its target as key."""
    choices = tuple(Choice(key=option.target, label=option.label) for option in options)
    return Reply(template=template, language=situation.language, values=values, choices=choices)


def question(
    situation: Situation, kind: QuestionKind, subject: str, options: Sequence[Option], *, asked: str | None = None
) -> Question:
    """Open the question that a reply asks; what the customer first `asked` stays with it."""
    return Question(
        kind=kind,
        subject=subject,
        options=tuple(options),
        expires_at=situation.facts.now + QUESTION_STAYS_OPEN,
        asked=(situation.asked if asked is None else asked)[:_ASKED_CHARACTERS],
    )


def acknowledgement(situation: Situation, template: str, case: CaseDraft) -> tuple[Reply, ...]:
    """Acknowledge a case, when one may: with number and time to those we know, with a fixed text to others."""
    if not situation.may_acknowledge:
        return ()
    if not situation.is_verified:
        return (Reply(template="unverified.received", language=situation.language, acknowledges=True),)
    values = {"organisation": organisation(situation)}
    due = case.answer_due_at or situation.facts.now
    open_case = situation.open_case
    if open_case is not None:
        values["case_number"] = open_case.number
        if open_case.answer_due_at is not None and open_case.answer_due_at > situation.facts.now:
            due = open_case.answer_due_at.astimezone(due.tzinfo)
    values["expected_at"] = when(due)
    return (Reply(template=template, language=situation.language, values=values, acknowledges=True),)


def when(moment: datetime) -> str:
    """Write a time for a template: ISO 8601 in the recipient's zone; wording says it in words."""
    return moment.isoformat(timespec="minutes")
