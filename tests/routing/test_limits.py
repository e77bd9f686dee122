"""When the gateway keeps quiet: after an opt-out, in a loop, towards too much mail, to senders nobody vouches for."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_kit import (
    CHOICE,
    FREE,
    HELPFUL,
    KNOWS,
    NOW,
    SCORE,
    STEP,
    Book,
    case,
    facts,
    mail,
    on,
    text,
)

from gateway.domain.cases import CaseStatus
from gateway.domain.consent import ConsentState, Purpose
from gateway.domain.decision import Action
from gateway.domain.language import Language
from gateway.domain.messages import Automatic, InboundMessage, MessageKind, Sender, Verification
from gateway.domain.people import mailto, tel
from routing.reasons import SENTENCES, say

OPTED_OUT = frozenset({Purpose.ANY})
WORDS = (
    "הסר stop start התחל help עזרה נציג agent סטטוס 1 2 5 כן לא yes no תודה שלום 👍 ? C-10270 "
    "האינטרנט איטי מה קורה עם הפנייה שלי בושה stolen שעות hours פתוח"
)

messages = st.builds(
    InboundMessage,
    endpoint=st.just("e"),
    provider_id=st.just("p"),
    sender=st.sampled_from([Sender(address=tel("+972501234567")), Sender(address=mailto("dana@example.com"))]),
    text=st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS.split()), max_size=6).map(" ".join)),
    subject=st.sampled_from(["", "Re: שאלה", "הסר", "hours"]),
    kind=st.sampled_from(MessageKind),
    choice=st.sampled_from([None, None, "yes", "agent", "hours", "cable", "4"]),
    verification=st.sampled_from(Verification),
    automatic=st.sampled_from([None, None, None, *Automatic]),
    provider_answered=st.booleans(),
)
cases = st.one_of(st.none(), st.builds(case, person_spoke=st.booleans(), status=st.sampled_from(CaseStatus)))
known = st.builds(
    facts,
    language=st.sampled_from(Language),
    newest_case=cases,
    question=st.sampled_from([None, HELPFUL, CHOICE, SCORE, FREE, STEP]),
    question_by_context=st.booleans(),
    opted_out=st.sampled_from([frozenset(), OPTED_OUT, frozenset({Purpose.REPLY}), frozenset({Purpose.MARKETING})]),
    is_first_message=st.booleans(),
    recent_automatic=st.integers(0, 12),
    daily_automatic=st.integers(0, 12),
    last_acknowledged_at=st.sampled_from([None, NOW - timedelta(minutes=3), NOW - timedelta(hours=3)]),
)
books = st.sampled_from([Book(), KNOWS, Book(("hours", 0.4), ("refund", 0.3))])


@settings(max_examples=600, deadline=None)
@given(message=messages, state=known, book=books)
def test_whatever_comes_these_hold(message, state, book):
    decision = on(message, state, book)
    with_person = state.newest_case is not None and state.newest_case.is_open and state.newest_case.person_spoke
    if state.opted_out & {Purpose.ANY, Purpose.REPLY}:
        assert all(reply.purpose is Purpose.CONFIRMATION for reply in decision.replies)
    if with_person:
        assert all(reply.purpose is Purpose.CONFIRMATION for reply in decision.replies)
    if message.automatic is not None or state.recent_automatic >= 10:
        assert not decision.replies
    if message.verification is not Verification.ALIGNED:
        assert decision.action not in (Action.CASE_STATUS, Action.SURVEY_ANSWER)
        assert decision.consent is None or decision.consent.state is ConsentState.OPTED_OUT
        assert decision.consent is None or decision.consent.reversible
        assert not any("case_number" in reply.values for reply in decision.replies)
        assert all(not reply.acknowledges or reply.template == "unverified.received" for reply in decision.replies)
    if any(reply.acknowledges for reply in decision.replies):
        assert state.last_acknowledged_at is None or NOW - state.last_acknowledged_at >= timedelta(minutes=10)
    if decision.action is Action.OPEN_CASE:
        assert decision.case is not None
        assert state.newest_case is None or not state.newest_case.is_open
    if decision.action is Action.APPEND:
        assert state.newest_case.is_open
    if decision.question is not None:
        keys = [choice.key for choice in decision.replies[-1].choices]
        assert keys == [option.target for option in decision.question.options]
        assert 2 <= len(keys) <= 4
    assert len(decision.replies) <= 1
    assert decision.reason.code in SENTENCES
    for language in (Language.HEBREW, Language.ENGLISH):
        assert "{" not in say(decision.reason, language).replace(message.text, "")


@pytest.mark.parametrize(
    "message",
    ["נציג", "עזרה", "עד מתי פתוח?", "שלום", "האינטרנט איטי", "משהו אחר לגמרי", "סטטוס", "בושה!", "🙏"],
)
def test_who_opted_out_gets_no_reply_whatever_they_write(message):
    assert on(message, facts(opted_out=OPTED_OUT), KNOWS).replies == ()


def test_a_question_of_somebody_who_opted_out_goes_to_a_person():
    decision = on("עד מתי פתוח?", facts(opted_out=OPTED_OUT), KNOWS)
    assert (decision.action, decision.reason.code) == (Action.OPEN_CASE, "silent.opted_out")


def test_opting_out_of_marketing_alone_leaves_answers_as_they_were():
    assert on("עד מתי פתוח?", facts(opted_out=frozenset({Purpose.MARKETING})), KNOWS).replies


def test_two_machines_answering_each_other_end_in_a_silent_case():
    """Each answer makes the other side write again: after ten the gateway is quiet and a person is called."""
    decisions = [on("עד מתי פתוח?", facts(recent_automatic=count), KNOWS) for count in range(13)]
    assert [bool(decision.replies) for decision in decisions] == [True] * 10 + [False] * 3
    assert (decisions[10].action, decisions[10].reason.code) == (Action.OPEN_CASE, "silent.loop")


@pytest.mark.parametrize(
    ("ago", "is_acknowledged"),
    [
        pytest.param(None, True, id="never before"),
        pytest.param(timedelta(minutes=9, seconds=59), False, id="within ten minutes"),
        pytest.param(timedelta(minutes=10), True, id="ten minutes later"),
    ],
)
def test_a_case_is_acknowledged_once_in_ten_minutes(ago, is_acknowledged):
    state = facts(newest_case=case(), last_acknowledged_at=None if ago is None else NOW - ago)
    assert bool(on("ועוד משהו", state).replies) == is_acknowledged


@pytest.mark.parametrize(
    ("message", "count", "speaks"),
    [
        pytest.param(mail("עד מתי פתוח?"), 4, True, id="the fifth mail of the day"),
        pytest.param(mail("עד מתי פתוח?"), 5, False, id="not the sixth"),
        pytest.param(text("עד מתי פתוח?"), 50, True, id="a chat goes on as long as the customer wants"),
    ],
)
def test_automatic_mail_is_limited_by_the_day(message, count, speaks):
    decision = on(message, facts(daily_automatic=count), KNOWS)
    assert bool(decision.replies) == speaks
    assert speaks or decision.action is Action.OPEN_CASE


def test_mail_nobody_vouches_for_is_acknowledged_with_a_fixed_text_that_echoes_nothing():
    message = mail("My secret words", subject="Buy now http://spam.example", verification=Verification.UNALIGNED)
    [reply] = on(message).replies
    assert (reply.template, dict(reply.values), reply.choices) == ("unverified.received", {}, ())


def test_mail_nobody_vouches_for_still_gets_general_answers():
    assert on(mail("עד מתי פתוח?", verification=Verification.NONE), book=KNOWS).action is Action.ANSWER


def test_an_opt_out_by_forged_mail_can_be_undone_and_an_opt_in_is_not_believed():
    stop = on(mail("הסר", verification=Verification.UNALIGNED))
    start = on(mail("start", verification=Verification.UNALIGNED), facts(opted_out=OPTED_OUT))
    assert stop.consent.reversible
    assert start.consent is None


def test_a_flood_of_forged_opt_outs_is_confirmed_once():
    assert on(mail("הסר", verification=Verification.UNALIGNED), facts(recent_automatic=1)).replies == ()


@pytest.mark.parametrize(
    ("words", "subject", "is_stop"),
    [
        pytest.param("", "הסר", True, id="an empty mail with the word as its subject"),
        pytest.param("stop\n\nSent from my iPhone", "Re: news", True, id="under a telephone's signature"),
        pytest.param("הסר\n\nנשלח מה-iPhone שלי", "", True, id="under a Hebrew telephone's signature"),
        pytest.param("unsubscribe", "anything at all", True, id="the body alone counts"),
        pytest.param("מתי אתם פתוחים", "הסר", False, id="a subject does not outweigh a question"),
    ],
)
def test_a_consent_word_in_mail(words, subject, is_stop):
    assert (on(mail(words, subject=subject)).action is Action.CONSENT) == is_stop


@pytest.mark.parametrize(
    ("subject", "looked_up"),
    [
        pytest.param("שעות פתיחה", "שעות פתיחה\nמתי אפשר לבוא", id="a new mail is its subject too"),
        pytest.param("Re: Case 7", "מתי אפשר לבוא", id="the subject of an answer is old"),
        pytest.param("השב: פנייה", "מתי אפשר לבוא", id="of a Hebrew answer too"),
        pytest.param("", "מתי אפשר לבוא", id="none"),
    ],
)
def test_what_is_looked_up_for_a_mail(subject, looked_up):
    book = Book()
    on(mail("מתי אפשר לבוא", subject=subject), book=book)
    assert book.asked == [looked_up]


@pytest.mark.parametrize(
    "words", ["א" * 1_000_000, "stop " * 300_000, "\x00\x00", "\u202e\u2066" * 50_000, "a" * 2000 + "\ud800"]
)
def test_strange_texts_are_decided_too(words):
    assert on(words).reason.code in SENTENCES
