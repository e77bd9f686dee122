"""What counts as an answer to an open question, and what falls through to the other rules."""

import pytest
from routing_kit import CHOICE, FREE, HELPFUL, SCORE, STEP, asked, facts, mail, on, text

from gateway.domain.decision import Action
from gateway.domain.dialogue import QuestionKind
from gateway.domain.messages import Verification
from routing.answers import picked
from routing.flows import FLOWS
from routing.flows.flow import SOLVED
from routing.labels import AGENT
from routing.situation import look_at


def pick(message, question):
    from routing_kit import EMPTY, POLICY

    option = picked(
        look_at(message if not isinstance(message, str) else text(message), facts(), POLICY, EMPTY), question
    )
    return option and option.target


@pytest.mark.parametrize(
    ("words", "question", "target"),
    [
        pytest.param("1", CHOICE, "hours", id="a number"),
        pytest.param("2.", CHOICE, "refund", id="a number and a dot"),
        pytest.param(" 2 ", CHOICE, "refund", id="spaces"),
        pytest.param("٢", CHOICE, "refund", id="Arabic-Indic digit"),
        pytest.param("۱", CHOICE, "hours", id="Persian digit"),
        pytest.param("２", CHOICE, "refund", id="full-width digit"),
        pytest.param("1️⃣", CHOICE, "hours", id="keycap emoji"),
        pytest.param("#2", CHOICE, "refund", id="hash"),
        pytest.param("אפשרות 2", CHOICE, "refund", id="option 2, in Hebrew"),
        pytest.param("option 1", CHOICE, "hours", id="option 1"),
        pytest.param("הראשונה", CHOICE, "hours", id="the first"),
        pytest.param("שתיים", CHOICE, "refund", id="two"),
        pytest.param("second", CHOICE, "refund", id="second"),
        pytest.param("второй", CHOICE, "refund", id="second, in Russian"),
        pytest.param("ב", CHOICE, "refund", id="the letter"),
        pytest.param("מתי מגיע החזר", CHOICE, "refund", id="the words shown"),
        pytest.param("מתי מגיע ההחזר?", CHOICE, "refund", id="nearly the words shown"),
        pytest.param("4", CHOICE, None, id="a number too many"),
        pytest.param("0", CHOICE, None, id="zero"),
        pytest.param("כן", CHOICE, None, id="yes to a choice says nothing"),
        pytest.param("לא", CHOICE, None, id="no to a choice says nothing"),
        pytest.param("לא זה ולא זה", CHOICE, None, id="neither"),
        pytest.param("כן", HELPFUL, "yes", id="yes"),
        pytest.param("Yes!", HELPFUL, "yes", id="yes in another language"),
        pytest.param("👍🏽", HELPFUL, "yes", id="thumb up"),
        pytest.param("עזר לי", HELPFUL, "yes", id="it helped"),
        pytest.param("כ", HELPFUL, "yes", id="one letter"),
        pytest.param("ממש לא", HELPFUL, "agent", id="not at all"),
        pytest.param("👎", HELPFUL, "agent", id="thumb down"),
        pytest.param("נעם", HELPFUL, None, id="a name is no yes"),
        pytest.param("نعم", HELPFUL, "yes", id="yes, in Arabic"),
        pytest.param("нет", HELPFUL, "agent", id="no, in Russian"),
        pytest.param("2", HELPFUL, "agent", id="the number of the button"),
        pytest.param("מתי אתם פתוחים", HELPFUL, None, id="another question"),
        pytest.param("5", SCORE, "5", id="a score is its own number"),
        pytest.param("חמש", SCORE, "5", id="a score in a word"),
        pytest.param("7", SCORE, None, id="a score off the scale"),
        pytest.param("כן הסתדר", STEP, "solved", id="label of a flow"),
        pytest.param("עדיין לא", STEP, "cable", id="not yet"),
    ],
)
def test_which_option_is_picked(words, question, target):
    assert pick(words, question) == target


def test_a_button_counts_by_its_key_whatever_its_words():
    assert pick(text("כל מיני", choice="refund"), CHOICE) == "refund"
    assert pick(text("1", choice="of-another-question"), CHOICE) is None


@pytest.mark.parametrize(
    ("words", "by_context", "score", "kept"),
    [
        pytest.param("4", False, 4, "4", id="a number"),
        pytest.param("5/5", False, 5, "5", id="of five"),
        pytest.param("5 מתוך 5", False, 5, "5", id="of five, in Hebrew"),
        pytest.param("5 שירות מצוין!", True, 5, "5 שירות מצוין!", id="with words, in reply to the question"),
        pytest.param("2 cards were charged", False, None, None, id="with words, out of the blue"),
        pytest.param("9", False, None, None, id="off the scale"),
        pytest.param("מעולה", False, None, None, id="no score"),
    ],
)
def test_a_survey_score(words, by_context, score, kept):
    answer = on(words, facts(question=SCORE, question_by_context=by_context)).survey_answer
    assert (answer and answer.score, answer and answer.words) == (score, kept)


@pytest.mark.parametrize(
    ("words", "by_context", "is_answer"),
    [
        pytest.param("חיכיתי יותר מדי", False, True, id="words"),
        pytest.param("מתי אתם פתוחים?", False, False, id="a question is a question"),
        pytest.param("מה אפשר להגיד?", True, True, id="unless it replies to the survey"),
        pytest.param("גנבו לי את הכרטיס", False, False, id="what cannot wait is no opinion"),
    ],
)
def test_free_words_for_a_survey(words, by_context, is_answer):
    decision = on(words, facts(question=FREE, question_by_context=by_context))
    assert (decision.action is Action.SURVEY_ANSWER) == is_answer


def test_a_survey_is_not_answered_by_mail_nobody_vouches_for():
    message = mail("5", verification=Verification.UNALIGNED)
    assert on(message, facts(question=SCORE)).survey_answer is None


def test_a_survey_answer_names_its_question():
    assert on("5", facts(question=SCORE)).survey_answer.subject == "7:1"


def test_a_flow_leads_to_its_end_on_the_bad_road():
    decision = on("האינטרנט נורא איטי בבית")
    steps = []
    while decision.action is Action.FLOW_STEP:
        steps.append(decision.question.subject)
        decision = on("לא", facts(question=decision.question))
    assert steps == ["slow_internet:restart", "slow_internet:cable", "slow_internet:devices"]
    assert (decision.action, decision.reason.code) == (Action.HAND_OVER, "flow.not_solved")
    assert (decision.case.topic, decision.case.queue) == ("internet", "technical")


def test_a_flow_speaks_english_to_who_describes_the_trouble_in_english():
    [reply] = on("my wifi keeps dropping every evening").replies
    assert [choice.label for choice in reply.choices] == ["Yes, fixed", "No, still slow"]


def test_a_step_that_no_longer_exists_goes_to_a_person():
    question = asked(QuestionKind.FLOW, ("gone", "לא, עדיין איטי"), subject="slow_internet:restart")
    assert on("1", facts(question=question)).action is Action.HAND_OVER


def test_another_question_leaves_the_flow():
    assert on("כמה עולה חבילה לחוץ לארץ", facts(question=STEP)).action is Action.OPEN_CASE


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.key)
def test_every_option_of_a_flow_leads_somewhere_and_fits_a_button(flow):
    for step in flow.steps:
        for option in step.options:
            assert option.target in (SOLVED, AGENT) or flow.step(option.target)
            assert all(len(label) <= 20 for label in option.labels.values())
