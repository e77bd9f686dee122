"""Rule 7: someone asks how their case stands. Only their own is ever told, and only to a verified sender."""

import re
from zoneinfo import ZoneInfo

from gateway.domain.cases import CaseFacts, CaseStatus, public_number
from gateway.domain.decision import Action, Decision, Reason
from routing.answers import open_question
from routing.replies import reply, when
from routing.situation import Situation
from routing.text import Phrases, plain, with_prefixes
from routing.words import phrases

_NUMBER = re.compile(r"(?<![\w-])c ?-? ?(\d{5,12})(?![\w-])", re.IGNORECASE)
_DIGITS = re.compile(r"\d{5,12}")
_TABLE = phrases("status")
_NOUNS = with_prefixes(_TABLE["nouns"])
_CUES = frozenset(map(plain, _TABLE["cues"]))
_WHOLE = frozenset(map(plain, _TABLE["whole"]))
_PHRASES = Phrases({"status": _TABLE["phrases"]})
_LONGEST = 14


def tell_case_status(situation: Situation) -> Decision | None:
    """Tell a verified sender how their own newest case stands; of any other number say only that it cannot be shown."""
    if not (situation.may_speak and situation.is_verified):
        return None
    number = _quoted_number(situation)
    case = situation.facts.newest_case
    if number is not None:
        if case is not None and number == case.number:
            return _tell(situation, case)
        code = "status.not_theirs" if _is_well_formed(number) else "status.mistyped"
        return _decision(Reason(code=code, details={"number": number}), situation, "case.status.unknown")
    if case is not None:
        return _tell(situation, case) if _asks(situation.words, situation.plain) else None
    if situation.plain in _WHOLE:
        return _decision(Reason(code="status.none"), situation, "case.status.none")
    return None


def _quoted_number(situation: Situation) -> str | None:
    """Read a case number; bare digits count beside a word for a case, or alone where they can be nothing else."""
    if _DIGITS.search(situation.plain) is None:
        return None
    found = _NUMBER.search(situation.said)
    if found is not None:
        return f"C-{found.group(1)}"
    digits = next((word for word in situation.words if _DIGITS.fullmatch(word)), None)
    if digits is None:
        return None
    number = f"C-{digits}"
    if len(situation.words) == 1:
        return number if _is_well_formed(number) and open_question(situation) is None else None
    is_about_case = len(situation.words) <= _LONGEST and any(word in _NOUNS for word in situation.words)
    return number if is_about_case else None


def _is_well_formed(number: str) -> bool:
    return public_number(int(number[2:-1]) - 1000) == number


def _asks(words: tuple[str, ...], whole: str) -> bool:
    if whole in _WHOLE or _PHRASES.find(words):
        return True
    if len(words) > _LONGEST:
        return False
    return any(word in _NOUNS for word in words) and any(word in _CUES for word in words)


def _tell(situation: Situation, case: CaseFacts) -> Decision:
    values = {"case_number": case.number}
    template = "case.status.open"
    if case.status is CaseStatus.RESOLVED:
        template = "case.status.resolved"
    elif case.status is CaseStatus.PENDING:
        template = "case.status.pending"
    elif case.answer_due_at is not None and case.answer_due_at < situation.facts.now:
        template = "case.status.late"
    elif case.assignee:
        template = "case.status.taken"
        values["assignee"] = case.assignee
    elif case.answer_due_at is not None:
        template = "case.status.due"
        values["expected_at"] = when(case.answer_due_at.astimezone(_zone(situation, case)))
    return _decision(Reason(code="status.told", details={"number": case.number}), situation, template, **values)


def _zone(situation: Situation, case: CaseFacts) -> ZoneInfo:
    queues = situation.policy.queues
    return ZoneInfo(next((queue for queue in queues if queue.name == case.queue), queues[0]).hours.zone)


def _decision(reason: Reason, situation: Situation, template: str, **values: str) -> Decision:
    return Decision(
        action=Action.CASE_STATUS,
        rule=7,
        reason=reason,
        replies=(reply(situation, template, **values),),
        keep_question=True,
    )
