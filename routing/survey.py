"""Rule 5: a message that answers an open survey question. Asking the next question is the use case's work."""

import re

from gateway.domain.cases import Severity
from gateway.domain.decision import Action, Decision, Reason, SurveyAnswer
from gateway.domain.dialogue import Question, QuestionKind
from routing.answers import open_question, picked
from routing.replies import reply
from routing.situation import Situation
from routing.upset_words import severity

_SCORE = re.compile(r"(\d{1,2})(?: (?:of|out of|מתוכ|מ|из|من) ?\d{1,2}| \d{1,2})?(?: (.*))?", re.DOTALL)


def survey_answer(situation: Situation) -> SurveyAnswer | None:
    """Read the message as an answer to the open survey question, or None when it is not one.

    A score may come with words ("5 great service") when the channel says what is being answered, else alone. Free words
    are taken as an answer unless they ask something or cannot wait.
    """
    question = open_question(situation)
    if question is None or question.kind is not QuestionKind.SURVEY or not situation.is_verified:
        return None
    option = picked(situation, question)
    if option is not None:
        score = int(option.target) if option.target.isdecimal() else None
        return SurveyAnswer(subject=question.subject, score=score, words=option.label)
    return _scored(situation, question) if question.options else _free(situation, question)


def take_survey_answer(situation: Situation) -> Decision | None:
    """Keep the answer to a survey and thank for it."""
    answer = survey_answer(situation)
    if answer is None:
        return None
    return Decision(
        action=Action.SURVEY_ANSWER,
        rule=5,
        reason=Reason(
            code="survey.answer", details={"answer": answer.words[:80] if answer.score is None else str(answer.score)}
        ),
        survey_answer=answer,
        replies=(reply(situation, "survey.thanks"),) if situation.may_speak else (),
    )


def _scored(situation: Situation, question: Question) -> SurveyAnswer | None:
    found = _SCORE.fullmatch(situation.plain)
    if found is None:
        return None
    score, words = found.group(1), found.group(2) or ""
    if words and not situation.facts.question_by_context:
        return None
    if all(option.target != score for option in question.options):
        return None
    return SurveyAnswer(subject=question.subject, score=int(score), words=situation.said if words else score)


def _free(situation: Situation, question: Question) -> SurveyAnswer | None:
    is_other = "?" in situation.said or severity(situation.words) is Severity.CRITICAL
    if not situation.said or (is_other and not situation.facts.question_by_context):
        return None
    return SurveyAnswer(subject=question.subject, words=situation.said)
