"""What a case is about, how urgent it is, when it is answered, and what is told about it."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from routing_kit import EMPTY, HOURS, NOW, POLICY, case, facts, mail, on, text

from gateway.domain.cases import CaseStatus, Severity, public_number
from gateway.domain.decision import Action
from gateway.domain.messages import Verification
from gateway.domain.policy import Hours
from routing.decide import decide
from routing.hours import answer_due
from routing.text import plain
from routing.upset_words import severity


@pytest.mark.parametrize(
    ("words", "topic", "queue"),
    [
        pytest.param("החשבונית שלי לא ברורה", "bill", "billing", id="a Hebrew word behind its article"),
        pytest.param("ובחשבונית יש טעות", "bill", "billing", id="behind two prefixes"),
        pytest.param("a strange charge", "bill", "billing", id="English"),
        pytest.param("בעיה בהוראת קבע שלי", "transfer", "billing", id="a topic of two words"),
        pytest.param("הוראת נסיעה", "other", "service", id="half of a topic of two words"),
        pytest.param("the router and the internet, and a bill", "internet", "technical", id="the most words win"),
        pytest.param("סתם משהו", "other", "service", id="nothing fits"),
        pytest.param("قضية اخرى", "other", "service", id="another language"),
    ],
)
def test_a_case_finds_its_topic_and_queue(words, topic, queue):
    decided = on(words).case
    assert (decided.topic, decided.queue) == (topic, queue)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("גנבו לי את הארנק", Severity.CRITICAL, id="stolen"),
        pytest.param("my account was hacked", Severity.CRITICAL, id="hacked"),
        pytest.param("זה דחוף", Severity.HIGH, id="urgent"),
        pytest.param("לא דחוף בכלל", Severity.LOW, id="not urgent contains urgent"),
        pytest.param("not urgent, but my card was stolen", Severity.CRITICAL, id="polite about a theft"),
        pytest.param("אני עוזב אתכם", Severity.HIGH, id="leaving"),
        pytest.param("this is unacceptable", Severity.HIGH, id="upset"),
        pytest.param("יש לי שאלה על החבילה", Severity.NORMAL, id="plain"),
        pytest.param("I have a suggestion", Severity.LOW, id="an idea"),
    ],
)
def test_severity_is_judged_by_words(words, expected):
    assert severity(tuple(plain(words).split())) is expected


def jerusalem(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026 in Jerusalem (UTC+2); the 22nd is a Sunday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        pytest.param(jerusalem(22, 10), 60, jerusalem(22, 11), id="within the day"),
        pytest.param(jerusalem(22, 17, 30), 60, jerusalem(23, 8, 30), id="over night"),
        pytest.param(jerusalem(22, 5), 60, jerusalem(22, 9), id="before opening"),
        pytest.param(jerusalem(27, 12, 30), 60, jerusalem(29, 8, 30), id="over the weekend"),
        pytest.param(jerusalem(28, 12), 30, jerusalem(29, 8, 30), id="on Shabbat"),
        pytest.param(jerusalem(22, 17), 60, jerusalem(22, 18), id="to the closing minute"),
        pytest.param(jerusalem(22, 18), 1, jerusalem(23, 8, 1), id="at the closing minute"),
        pytest.param(jerusalem(22, 8), 20 * 60, jerusalem(23, 18), id="two whole days"),
    ],
)
def test_answer_times_count_opening_hours(start, minutes, due):
    assert answer_due(HOURS, start, minutes) == due


def test_a_clock_change_neither_adds_nor_takes_an_opening_hour():
    """On 25 October 2026 Israel's clocks go back at 02:00; a whole opening day has ten hours all the same."""
    saturday = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    assert answer_due(HOURS, saturday, 10 * 60) == datetime(2026, 10, 25, 16, 0, tzinfo=UTC)


def test_promised_minutes_do_not_run_on_a_day_off():
    hours = replace(HOURS, days_off=frozenset((jerusalem(23, 12).date(),)))
    assert answer_due(HOURS, jerusalem(22, 8), 24 * 60) == jerusalem(24, 12)
    assert answer_due(hours, jerusalem(22, 8), 24 * 60) == jerusalem(25, 12)


def test_without_opening_hours_the_wall_clock_counts():
    assert answer_due(Hours(zone="Asia/Jerusalem", weekdays={}), NOW, 90) == NOW + timedelta(minutes=90)


@given(minute=st.integers(0, 365 * 24 * 60), minutes=st.integers(1, 3000))
def test_every_promise_falls_into_opening_hours_and_more_time_is_never_earlier(minute, minutes):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    due = answer_due(HOURS, start, minutes)
    opens, closes = HOURS.weekdays[due.weekday()]
    assert opens <= due.time() <= closes
    assert due >= start + timedelta(minutes=minutes)
    assert answer_due(HOURS, start, minutes + 1) > due


def test_a_case_is_due_by_its_queue_and_severity():
    assert on("החשבונית שלי").case.answer_due_at == NOW + timedelta(minutes=120)
    assert on("גנבו לי כסף, זה לא ברור").case.answer_due_at == NOW + timedelta(minutes=30)


def test_an_addition_to_a_case_repeats_the_promise_already_given():
    promised = NOW + timedelta(minutes=37)
    [reply] = on("ועוד משהו", facts(newest_case=case(answer_due_at=promised))).replies
    assert reply.values["expected_at"] == "2026-11-22T10:37+02:00"
    assert reply.values["case_number"] == public_number(27)


def test_a_mail_is_sorted_by_its_subject_too():
    assert on(mail("ראו למעלה", subject="חיוב שגוי")).case.topic == "bill"


OWN = public_number(27)
OTHER = public_number(99)
MISTYPED = OWN[:-1] + str((int(OWN[-1]) + 1) % 10)


@pytest.mark.parametrize(
    ("words", "newest", "template", "code"),
    [
        pytest.param(OWN, case(), "case.status.due", "status.told", id="the number alone"),
        pytest.param(OWN.lower(), case(), "case.status.due", "status.told", id="in small letters"),
        pytest.param(f"מה עם {OWN}?", case(), "case.status.due", "status.told", id="in a sentence"),
        pytest.param(
            f"פנייה מספר {OWN[2:]}", case(), "case.status.due", "status.told", id="digits beside the word case"
        ),
        pytest.param(OWN[2:], case(), "case.status.due", "status.told", id="digits alone, and they check"),
        pytest.param(OTHER, case(), "case.status.unknown", "status.not_theirs", id="somebody else's"),
        pytest.param(OWN, None, "case.status.unknown", "status.not_theirs", id="a number without a case"),
        pytest.param(MISTYPED, case(), "case.status.unknown", "status.mistyped", id="mistyped"),
        pytest.param("סטטוס", None, "case.status.none", "status.none", id="nothing to tell"),
        pytest.param("סטטוס", case(assignee="נועה"), "case.status.taken", "status.told", id="who handles it"),
        pytest.param(
            "any update?", case(status=CaseStatus.PENDING), "case.status.pending", "status.told", id="pending"
        ),
        pytest.param("יש חדש?", case(status=CaseStatus.RESOLVED), "case.status.resolved", "status.told", id="resolved"),
        pytest.param(
            "where is my case", case(answer_due_at=NOW - timedelta(1)), "case.status.late", "status.told", id="late"
        ),
        pytest.param("עוד לא חזרו אליי", case(answer_due_at=None), "case.status.open", "status.told", id="no promise"),
    ],
)
def test_what_is_told_about_a_case(words, newest, template, code):
    decision = on(words, facts(newest_case=newest))
    assert (decision.replies[0].template, decision.reason.code) == (template, code)
    assert all(OTHER not in value for value in decision.replies[0].values.values())


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("מה המצב?", id="small talk"),
        pytest.param("what is the status of my card delivery", id="the status of something else"),
        pytest.param("in that case I will pay tomorrow", id="case as a figure of speech, no cue"),
        pytest.param("123456", id="digits that cannot be a case"),
        pytest.param("my ID is 312345678", id="another number"),
    ],
)
def test_what_is_no_question_about_a_case(words):
    assert on(words, facts(newest_case=case())).action is not Action.CASE_STATUS


def test_nothing_about_a_case_is_told_to_mail_nobody_vouches_for():
    message = mail(f"מה עם {OWN}", verification=Verification.UNALIGNED)
    assert on(message, facts(newest_case=case())).action is Action.APPEND


def test_the_topics_of_a_new_policy_are_used_at_once():
    assert on("דבר על חתולים").case.topic == "other"
    first = POLICY.queues[0]
    changed = replace(POLICY, queues=(replace(first, topics={"cats": ("חתולים",)}), *POLICY.queues[1:]))
    assert decide(text("דבר על חתולים"), facts(), changed, EMPTY).case.topic == "cats"


def test_hours_are_read_in_the_zone_of_the_queue():
    hours = Hours(zone="America/New_York", weekdays={0: (time(9), time(17))})
    assert answer_due(hours, datetime(2026, 11, 23, 12, 0, tzinfo=UTC), 30) == datetime(
        2026, 11, 23, 14, 30, tzinfo=UTC
    )
