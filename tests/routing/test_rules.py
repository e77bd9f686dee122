"""The ten rules, one by one and in their order."""

from datetime import timedelta

import pytest
from routing_kit import (
    CHOICE,
    EMPTY,
    FREE,
    HELPFUL,
    KNOWS,
    NOW,
    POLICY,
    SCORE,
    STEP,
    Book,
    asked,
    case,
    facts,
    mail,
    on,
    text,
)

from gateway.domain.cases import CaseStatus, Severity
from gateway.domain.consent import ConsentState, Purpose
from gateway.domain.decision import Action
from gateway.domain.dialogue import QuestionKind
from gateway.domain.language import Language
from gateway.domain.messages import Attachment, Automatic, MessageKind
from routing.decide import RULES
from routing.situation import look_at

OPTED_OUT = frozenset({Purpose.ANY})
TAKEN = case(person_spoke=True)
WAITING = case()
UNSURE = Book(("hours", 0.4), ("refund", 0.3), ("sim", 0.02))


def templates(decision):
    return [reply.template for reply in decision.replies]


@pytest.mark.parametrize(
    ("message", "known", "book", "expected"),
    [
        pytest.param(
            mail("hi", automatic=Automatic.AUTO_REPLY), facts(), KNOWS, (1, Action.IGNORE, []), id="1 auto-reply"
        ),
        pytest.param(
            mail("נציג", automatic=Automatic.LOOP),
            facts(),
            KNOWS,
            (1, Action.IGNORE, []),
            id="1 a loop asks for a person",
        ),
        pytest.param(text("👍", kind=MessageKind.REACTION), facts(), KNOWS, (1, Action.IGNORE, []), id="1 reaction"),
        pytest.param(
            text("stop", kind=MessageKind.EDITED), facts(), KNOWS, (1, Action.IGNORE, []), id="1 an edit is kept only"
        ),
        pytest.param(text("", kind=MessageKind.DELETED), facts(), KNOWS, (1, Action.IGNORE, []), id="1 removal"),
        pytest.param(text("x", kind=MessageKind.SYSTEM), facts(), KNOWS, (1, Action.IGNORE, []), id="1 system"),
        pytest.param(text("הסר"), facts(), KNOWS, (2, Action.CONSENT, ["consent.stopped"]), id="2 stop"),
        pytest.param(
            text("stop", provider_answered=True), facts(), KNOWS, (2, Action.CONSENT, []), id="2 Twilio answered itself"
        ),
        pytest.param(
            text("stop"), facts(opted_out=OPTED_OUT), KNOWS, (2, Action.CONSENT, []), id="2 stop a second time"
        ),
        pytest.param(
            text("start"),
            facts(opted_out=OPTED_OUT),
            KNOWS,
            (2, Action.CONSENT, ["consent.started"]),
            id="2 start again",
        ),
        pytest.param(text("עזרה"), facts(), KNOWS, (2, Action.CONSENT, ["help"]), id="2 help"),
        pytest.param(text("נציג"), facts(), KNOWS, (3, Action.HAND_OVER, ["hand_over"]), id="3 a person"),
        pytest.param(
            text("", choice="agent"), facts(), KNOWS, (3, Action.HAND_OVER, ["hand_over"]), id="3 by an old button"
        ),
        pytest.param(
            text("לא"), facts(question=HELPFUL), KNOWS, (3, Action.HAND_OVER, ["hand_over"]), id="3 it did not help"
        ),
        pytest.param(
            text("3"), facts(question=CHOICE), KNOWS, (3, Action.HAND_OVER, ["hand_over"]), id="3 something else"
        ),
        pytest.param(text("זו בושה, אין שירות"), facts(), KNOWS, (3, Action.HAND_OVER, ["hand_over"]), id="3 upset"),
        pytest.param(
            text("I want to cancel my account"),
            facts(),
            KNOWS,
            (3, Action.HAND_OVER, ["hand_over"]),
            id="3 about to leave",
        ),
        pytest.param(
            text("מה שעות הפעילות"), facts(newest_case=TAKEN), KNOWS, (4, Action.APPEND, []), id="4 a person has it"
        ),
        pytest.param(
            text("נציג"), facts(newest_case=TAKEN), KNOWS, (4, Action.APPEND, []), id="4 asks for who is there"
        ),
        pytest.param(
            text("4"), facts(question=SCORE), KNOWS, (5, Action.SURVEY_ANSWER, ["survey.thanks"]), id="5 score"
        ),
        pytest.param(
            text("היה נעים"), facts(question=FREE), KNOWS, (5, Action.SURVEY_ANSWER, ["survey.thanks"]), id="5 words"
        ),
        pytest.param(
            text("האינטרנט איטי"), facts(), KNOWS, (6, Action.FLOW_STEP, ["flow.slow_internet.restart"]), id="6 starts"
        ),
        pytest.param(
            text("לא"),
            facts(question=STEP),
            KNOWS,
            (6, Action.FLOW_STEP, ["flow.slow_internet.cable"]),
            id="6 next step",
        ),
        pytest.param(text("1"), facts(question=STEP), KNOWS, (6, Action.FLOW_STEP, ["flow.solved"]), id="6 solved"),
        pytest.param(
            text("מה קורה עם הפנייה שלי"),
            facts(newest_case=WAITING),
            KNOWS,
            (7, Action.CASE_STATUS, ["case.status.due"]),
            id="7 status",
        ),
        pytest.param(text("כמה זמן פתוח"), facts(), KNOWS, (8, Action.ANSWER, ["answer"]), id="8 known"),
        pytest.param(text("1"), facts(question=CHOICE), KNOWS, (8, Action.ANSWER, ["answer"]), id="8 picked by number"),
        pytest.param(
            text("כן"), facts(question=HELPFUL), KNOWS, (8, Action.ANSWER, ["helpful.thanks"]), id="8 it helped"
        ),
        pytest.param(
            text("תודה"), facts(question=HELPFUL), KNOWS, (8, Action.ANSWER, []), id="8 thanked, so it helped"
        ),
        pytest.param(text("תודה רבה!"), facts(), KNOWS, (8, Action.IGNORE, []), id="8 thanks need no answer"),
        pytest.param(text("🙏"), facts(), KNOWS, (8, Action.IGNORE, []), id="8 emoji only"),
        pytest.param(text(""), facts(), KNOWS, (8, Action.IGNORE, []), id="8 empty"),
        pytest.param(text("שלום"), facts(), KNOWS, (8, Action.ANSWER, ["greeting"]), id="8 greeting"),
        pytest.param(
            text("שלום"), facts(newest_case=WAITING), KNOWS, (8, Action.IGNORE, []), id="8 greeting while waiting"
        ),
        pytest.param(text("משהו על שעות"), facts(), UNSURE, (9, Action.OFFER, ["offer"]), id="9 several likely"),
        pytest.param(text("7"), facts(), EMPTY, (9, Action.OFFER, ["clarify"]), id="9 a number nobody asked for"),
        pytest.param(text("?"), facts(), EMPTY, (9, Action.OFFER, ["clarify"]), id="9 a question mark"),
        pytest.param(
            text("", kind=MessageKind.UNSUPPORTED), facts(), EMPTY, (9, Action.OFFER, ["clarify"]), id="9 unsupported"
        ),
        pytest.param(text("עניין אחר לגמרי"), facts(), EMPTY, (10, Action.OPEN_CASE, ["case.opened"]), id="10 a case"),
        pytest.param(
            text("ועוד משהו"), facts(newest_case=WAITING), EMPTY, (10, Action.APPEND, ["case.added"]), id="10 added"
        ),
        pytest.param(
            text("שוב"),
            facts(newest_case=case(status=CaseStatus.RESOLVED)),
            EMPTY,
            (10, Action.OPEN_CASE, ["case.opened"]),
            id="10 anew",
        ),
        pytest.param(
            text("", kind=MessageKind.IMAGE, attachments=(Attachment(),)),
            facts(),
            KNOWS,
            (10, Action.OPEN_CASE, ["case.opened"]),
            id="10 picture",
        ),
        pytest.param(
            text("", kind=MessageKind.LOCATION),
            facts(),
            KNOWS,
            (10, Action.OPEN_CASE, ["case.opened"]),
            id="10 location",
        ),
        pytest.param(
            text("משהו על שעות"),
            facts(question=CHOICE),
            UNSURE,
            (10, Action.OPEN_CASE, ["case.opened"]),
            id="10 unsure twice",
        ),
        pytest.param(
            text("מתי פתוח"),
            facts(question=HELPFUL),
            KNOWS,
            (10, Action.OPEN_CASE, ["case.opened"]),
            id="10 asked again",
        ),
    ],
)
def test_each_rule(message, known, book, expected):
    decision = on(message, known, book)
    assert (decision.rule, decision.action, templates(decision)) == expected


@pytest.mark.parametrize(
    ("message", "known", "first"),
    [
        pytest.param(text("stop", kind=MessageKind.REACTION), facts(), 1, id="1 before 2"),
        pytest.param(text("enough"), facts(question=FREE), 2, id="2 before 5"),
        pytest.param(
            text("נציג, מה עם הפנייה שלי, האינטרנט איטי"), facts(newest_case=WAITING), 3, id="3 before 6 and 7"
        ),
        pytest.param(text("מה עם הפנייה שלי, האינטרנט איטי"), facts(newest_case=TAKEN), 4, id="4 before 6 and 7"),
        pytest.param(text("5"), facts(question=SCORE), 5, id="5 before 9"),
        pytest.param(text("האינטרנט איטי, מה עם הפנייה שלי?"), facts(newest_case=WAITING), 6, id="6 before 7"),
        pytest.param(text("מה עם הפנייה שלי?"), facts(newest_case=WAITING), 7, id="7 before 8"),
        pytest.param(text("כמה זמן פתוח?"), facts(), 8, id="8 before 10"),
    ],
)
def test_the_first_rule_that_applies_wins(message, known, first):
    situation = look_at(message, known, POLICY, KNOWS)
    claiming = [number for number, rule in RULES if rule(situation) is not None]
    assert len(claiming) > 1, "several rules must want the message, or this shows nothing"
    assert on(message, known, KNOWS).rule == first == claiming[0]


def test_the_rules_stand_in_their_order():
    assert [number for number, _ in RULES] == sorted(number for number, _ in RULES)


def test_a_stop_word_opts_out_of_everything_and_clears_the_open_question():
    decision = on("הסר", facts(question=HELPFUL))
    assert decision.consent.state is ConsentState.OPTED_OUT
    assert decision.consent.purpose is Purpose.ANY
    assert decision.consent.how == "word:הסר"
    assert not decision.consent.reversible
    assert not decision.keep_question
    assert decision.replies[0].purpose is Purpose.CONFIRMATION


@pytest.mark.parametrize(
    ("words", "known", "is_start"),
    [
        pytest.param("yes", facts(opted_out=OPTED_OUT), True, id="yes after an opt-out is Twilio's START"),
        pytest.param(
            "כן", facts(opted_out=OPTED_OUT, question=HELPFUL), False, id="yes answers the open question first"
        ),
        pytest.param("yes", facts(), False, id="yes from somebody who never left means yes"),
        pytest.param("חדש", facts(), False, id="new is a word of its own"),
        pytest.param("חדש", facts(opted_out=OPTED_OUT), True, id="renew"),
    ],
)
def test_a_weak_start_word_opts_in_only_who_had_opted_out(words, known, is_start):
    decision = on(words, known)
    assert (decision.consent is not None and decision.consent.state is ConsentState.OPTED_IN) == is_start


def test_help_is_left_to_the_person_who_has_the_case():
    assert on("עזרה", facts(newest_case=TAKEN)).action is Action.APPEND


def test_an_answer_asks_whether_it_helped_and_remembers_what_was_asked():
    decision = on("עד מתי פתוח?", book=KNOWS)
    assert decision.article_key == "hours"
    assert decision.question.kind is QuestionKind.HELPFUL
    assert decision.question.asked == "עד מתי פתוח?"
    assert [choice.key for choice in decision.replies[0].choices] == ["yes", "agent"]
    assert [option.target for option in decision.question.options] == ["yes", "agent"]
    assert decision.replies[0].values["answer"] == "תשובה hours"


def test_an_offer_names_what_is_possible_and_a_way_out():
    decision = on("משהו על שעות", book=UNSURE)
    assert [choice.key for choice in decision.replies[0].choices] == ["hours", "refund", "agent"]
    assert decision.question.kind is QuestionKind.CHOICE
    assert decision.question.asked == "משהו על שעות"


def test_a_button_of_an_older_choice_still_gives_its_answer():
    decision = on(text("שעות פתיחה", choice="hours"), book=KNOWS)
    assert (decision.action, decision.article_key) == (Action.ANSWER, "hours")


@pytest.mark.parametrize("key", ["yes", "solved", "cable", "4"])
def test_a_button_of_a_question_long_closed_opens_no_case(key):
    assert on(text("כן, תודה", choice=key)).action in (Action.IGNORE, Action.OFFER)


def test_the_case_behind_an_answer_that_did_not_help_is_about_the_first_question():
    question = asked(QuestionKind.HELPFUL, ("yes", "כן"), ("agent", "לא"), asked="למה החיוב שלי כפול")
    decision = on("לא", facts(question=question))
    assert (decision.case.topic, decision.case.queue) == ("bill", "billing")


def test_known_answers_still_come_while_a_case_waits_for_a_person():
    assert on("עד מתי פתוח?", facts(newest_case=WAITING), KNOWS).action is Action.ANSWER


def test_an_expired_question_is_no_question():
    question = asked(QuestionKind.HELPFUL, ("yes", "כן"), ("agent", "לא"), expires_at=NOW)
    assert on("לא", facts(question=question)).action is not Action.HAND_OVER


def test_a_survey_answer_by_context_is_kept_even_while_a_person_has_the_case():
    decision = on("5", facts(newest_case=TAKEN, question=SCORE, question_by_context=True))
    assert (decision.rule, decision.survey_answer.score, decision.replies) == (4, 5, ())


def test_new_urgency_is_passed_on_to_the_person_who_has_the_case():
    assert on("גנבו לי את הכרטיס!", facts(newest_case=TAKEN)).case.severity is Severity.CRITICAL
    assert on("ועוד דבר", facts(newest_case=TAKEN)).case is None


@pytest.mark.parametrize(
    ("words", "known", "language", "learned"),
    [
        pytest.param(
            "what are your opening hours", facts(is_first_message=True), "en", Language.ENGLISH, id="first, English"
        ),
        pytest.param("STOP", facts(), "he", None, id="a word of every language does not change it"),
        pytest.param("נציג", facts(language=Language.ENGLISH), "he", Language.HEBREW, id="Hebrew letters are Hebrew"),
        pytest.param(
            "мне нужен оператор", facts(), "he", Language.RUSSIAN, id="Russian is known, and answered in Hebrew"
        ),
        pytest.param("42", facts(language=Language.ENGLISH), "en", None, id="digits say nothing"),
        pytest.param("hello", facts(is_first_message=True), "en", None, id="short first word is answered in kind"),
    ],
)
def test_the_language_of_the_answer(words, known, language, learned):
    decision = on(words, known)
    assert decision.replies[0].language == language
    assert decision.contact_language is learned


def test_deciding_twice_gives_the_same_decision():
    for words in ("הסר", "נציג", "עד מתי פתוח?", "שונות"):
        assert on(words, book=KNOWS) == on(words, book=KNOWS)


def test_questions_stay_open_for_a_day():
    assert on("עד מתי פתוח?", book=KNOWS).question.expires_at == NOW + timedelta(hours=24)
