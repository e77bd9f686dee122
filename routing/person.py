"""Rules 3 and 4: who wants a person gets one, and where a person is at work the bot keeps quiet."""

from gateway.domain.cases import Severity
from gateway.domain.decision import Action, Decision, Reason
from gateway.domain.dialogue import QuestionKind
from routing.answers import open_question, picked
from routing.cases import draft_case
from routing.labels import AGENT
from routing.person_words import asks_for_person
from routing.replies import acknowledgement
from routing.situation import Situation
from routing.survey import survey_answer
from routing.upset_words import LEAVING, mood

_CHOSEN = {QuestionKind.HELPFUL: "person.not_helped", QuestionKind.FLOW: "flow.not_solved"}


def hand_over(situation: Situation) -> Decision | None:
    """Bring in a person for whoever asks for one, is upset, or is about to leave; not where a person already has it."""
    if situation.person_has_it:
        return None
    reason = _asked(situation)
    if reason is not None:
        return to_person(situation, reason)
    feeling = mood(situation.words)
    if feeling is None:
        return None
    code = "person.leaving" if feeling[0] == LEAVING else "person.upset"
    return to_person(situation, Reason(code=code, details={"words": feeling[1]}), at_least=Severity.HIGH)


def to_person(situation: Situation, reason: Reason, *, rule: int = 3, at_least: Severity | None = None) -> Decision:
    """Hand the conversation to the queue that fits, and say so to the customer."""
    case = draft_case(situation, at_least=at_least)
    return Decision(
        action=Action.HAND_OVER,
        rule=rule,
        reason=reason,
        case=case,
        replies=acknowledgement(situation, "hand_over", case),
    )


def leave_it_to_the_person(situation: Situation) -> Decision | None:
    """Add to the case an agent already has. A survey answer is still kept, silently; new urgency is passed on."""
    case = situation.open_case
    if case is None or not case.person_spoke:
        return None
    draft = draft_case(situation)
    answer = survey_answer(situation) if situation.facts.question_by_context else None
    return Decision(
        action=Action.APPEND,
        rule=4,
        reason=Reason(code="case.with_person", details={"number": case.number}),
        case=draft if draft.severity < case.severity else None,
        survey_answer=answer,
        keep_question=answer is None,
    )


def _asked(situation: Situation) -> Reason | None:
    question = open_question(situation)
    if question is not None and question.kind is not QuestionKind.SURVEY:
        option = picked(situation, question)
        if option is not None and option.target == AGENT:
            return Reason(code=_CHOSEN.get(question.kind, "person.chosen"), details={"subject": question.subject})
    if situation.message.choice == AGENT:
        return Reason(code="person.chosen")
    words = asks_for_person(situation.said, situation.words)
    return Reason(code="person.asked", details={"words": words}) if words else None
