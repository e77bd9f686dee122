"""Rule 7: someone asks how their case stands. Only the sender's own case is ever told, and only to a verified sender."""

import re
from zoneinfo import ZoneInfo

from gateway.domain.case import CaseFacts, CaseStatus, public_number
from gateway.domain.decision import Action, Decision, Reason
from routing.replies import reply, when
from routing.situation import Situation
from routing.text import Phrases, with_prefixes

_NUMBER = re.compile(r"(?<![\w-])c ?-? ?(\d{4,12})(?![\w-])", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"(?:מספר )?(\d{5,12})")
_NOUNS = with_prefixes(
    ("פנייה", "פניה", "פנייתי", "פניות", "פניתי", "קריאה"), ("ה", "ל", "ב", "מה", "שה")
) | with_prefixes(("case", "ticket", "inquiry", "enquiry", "الطلب", "طلبي", "обращение", "обращением", "обращения", "заявка", "заявки", "заявкой"), ())  # fmt: skip
_CUES = with_prefixes(
    "status,update,updates,news,happening,happened,going,progress,about,where,handling,handles,when,resolved,stand,stands,any,"
    "סטטוס,סטאטוס,מצב,קורה,עם,עומדת,עומד,איפה,מתי,עדכון,חדש,מטפל,מטפלת,התקדמות,נסגרה,טופלה,תטופל,בנוגע,לגבי,"
    "حالة,وين,أين,статус,где,когда,что".split(","),
    (),
)
_WHOLE = frozenset(
    {
        *"status,any update,any updates,any news,any progress,whats happening,what is happening,case status,ticket status,my case".split(","),
        *"whats the status,what is the status,update me,whats my status,my ticket".split(","),
    }
)
_PHRASES = Phrases(
    {
        "status": (
            *"who is handling my,who handles my,status of my request,status of my complaint,status of my case,update on my request".split(","),
            *"did you get my message,you promised to get back,still waiting for an answer,still waiting for a reply,waiting for your answer".split(","),
            *"waiting for your reply,i am still waiting for you,heard back,hear back".split(","),
            *"מי מטפל בפנייה,מי מטפל בי,מה עם הפנייה,מה עם הפניה,מה קורה עם הפנייה,מה קורה עם הפניה,סטטוס פנייה,סטטוס פניה,מצב הפנייה".split(","),
            *"מה עם הבקשה שלי,מה קורה עם הבקשה שלי,מה קורה עם זה,מה קורה איתי,מה איתי,עדיין מחכה לתשובה,עדיין מחכה למענה".split(","),
            *"עוד לא חזרו אלי,עוד לא חזרו אליי,לא חזרתם אלי,לא חזרתם אליי,לא חזרו אלי,לא חזרו אליי,מתי יחזרו אלי,מתי יחזרו אליי".split(","),
            *"מתי תחזרו אלי,מתי תחזרו אליי,יש חדש,יש עדכון,מה הסטטוס,מה המצב עם".split(","),
        )
    }
)  # fmt: skip
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
    if case is None or not _asks(situation.words, situation.plain):
        return None
    return _tell(situation, case)


def _quoted_number(situation: Situation) -> str | None:
    """Read a case number; bare digits count only when they are the whole message and no question waits for a number."""
    found = _NUMBER.search(situation.said)
    if found is None and situation.facts.question is None:
        found = _BARE_NUMBER.fullmatch(situation.plain)
    return f"C-{found.group(1)}" if found else None


def _is_well_formed(number: str) -> bool:
    return public_number(int(number[2:-1]) - 1000) == number


def _asks(words: tuple[str, ...], plain: str) -> bool:
    if plain in _WHOLE or _PHRASES.find(words):
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
