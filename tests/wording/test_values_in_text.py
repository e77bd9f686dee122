"""Values inside sentences: times said as people say them, and pieces that run the other way kept in place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.channel import Channel
from gateway.domain.language import Language
from gateway.wording import Wording
from gateway.wording.bidi import isolated
from gateway.wording.segments import count
from gateway.wording.times import spoken_time

WORDING = Wording.load()
HEBREW, ENGLISH = Language.HEBREW, Language.ENGLISH


@pytest.mark.parametrize(
    ("value", "language", "is_isolated"),
    [
        pytest.param("C-10276", HEBREW, True, id="a case number"),
        pytest.param("https://galim.example/help", HEBREW, True, id="a link"),
        pytest.param("+972501234567", HEBREW, True, id="a phone, whose plus would wander"),
        pytest.param("dana@example.com", HEBREW, True, id="a mailbox"),
        pytest.param("10276", HEBREW, False, id="digits find their own place"),
        pytest.param("נועה", HEBREW, False, id="Hebrew in Hebrew"),
        pytest.param("האינטרנט של Galim איטי", HEBREW, False, id="a Hebrew sentence with a Latin word"),
        pytest.param("C-10276", ENGLISH, False, id="English in English stays cheap"),
        pytest.param("+972501234567", ENGLISH, False, id="a phone in English"),
        pytest.param("נועה", ENGLISH, True, id="a Hebrew name in English"),
        pytest.param("", HEBREW, False, id="nothing"),
    ],
)
def test_a_value_that_runs_against_its_sentence_is_isolated(value, language, is_isolated):
    assert isolated(value, language) == (f"\u2068{value}\u2069" if is_isolated else value)


@given(st.text(alphabet=st.characters(max_codepoint=0x7F), max_size=40))
def test_isolation_never_makes_an_english_sms_dearer(value):
    assert isolated(value, ENGLISH) == value


def test_a_case_number_is_isolated_in_chats_and_left_alone_in_mail():
    values = {"case_number": "C-10276"}
    assert "\u2068C-10276\u2069" in WORDING.render("case.status.open", HEBREW, values, Channel.WHATSAPP).text
    mail = WORDING.render("case.status.open", HEBREW, values, Channel.EMAIL)
    assert "\u2068" not in mail.text + mail.subject


def test_an_isolate_costs_no_hebrew_segment_here():
    values = {"case_number": "C-10276", "expected_at": "2026-11-22T14:30+02:00", "organisation": "גלים"}
    assert count(WORDING.render("case.opened", HEBREW, values, Channel.SMS).text).segments == 1


@pytest.mark.parametrize(
    ("moment", "language", "channel", "said"),
    [
        ("2026-11-22T14:30+02:00", HEBREW, Channel.WHATSAPP, "יום ראשון 22 בנובמבר בשעה 14:30"),
        ("2026-11-22T14:30+02:00", HEBREW, Channel.SMS, "יום א׳ 22.11, 14:30"),
        ("2026-11-22T08:05+02:00", ENGLISH, Channel.EMAIL, "Sunday 22 November, 8:05"),
        ("2026-11-22T14:30+02:00", ENGLISH, Channel.SMS, "Sun 22 Nov, 14:30"),
        ("2026-07-01T00:15+03:00", ENGLISH, Channel.SMS, "Wed 1 Jul, 0:15"),
        ("soon", ENGLISH, Channel.SMS, "soon"),
    ],
)
def test_times_are_said_in_their_own_zone(moment, language, channel, said):
    assert spoken_time(moment, language, channel) == said


def test_only_values_named_as_times_are_read_as_times():
    values = {"case_number": "C-1", "update": "2026-11-22T14:30+02:00", "organisation": "o"}
    assert "2026-11-22T14:30+02:00" in WORDING.render("case.updated", ENGLISH, values, Channel.SMS).text
