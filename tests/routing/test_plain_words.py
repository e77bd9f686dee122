"""One plain form for words, however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.text import Phrases, plain, unstretched


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param("Don't STOP", "dont stop", id="case and apostrophe"),
        pytest.param("ＳＴＯＰ", "stop", id="full width"),
        pytest.param("\ufb2a\u05dc\u05d5\u05dd", "שלומ", id="a presentation form, and a final letter"),
        pytest.param("שָׁלוֹם", "שלומ", id="vowel points"),
        pytest.param('דו"ח', "דוח", id="acronym with a quotation mark"),
        pytest.param("דו״ח", "דוח", id="acronym with gershayim"),
        pytest.param('אמרתי "די"', "אמרתי די", id="quotation marks around a word"),
        pytest.param("צ'ק", "צק", id="geresh typed as an apostrophe"),
        pytest.param("בית־ספר", "בית ספר", id="maqaf"),
        pytest.param("إلغاء", "الغاء", id="alef with hamza"),
        pytest.param("تَوَقَّف", "توقف", id="Arabic vowels"),
        pytest.param("ещё", "еще", id="yo"),
        pytest.param("\u202bהסר\u202c\u200f", "הסר", id="direction controls"),
        pytest.param("opt-out", "opt out", id="hyphen"),
        pytest.param("a_b", "a b", id="underscore"),
        pytest.param("٣", "3", id="Arabic-Indic digit"),
        pytest.param("😀!?", "", id="nothing but signs"),
    ],
)
def test_plain_words(typed, words):
    assert plain(typed) == words


@given(st.text(max_size=200))
def test_plain_words_are_plain_already(text):
    once = plain(text)
    assert plain(once) == once
    assert once == once.strip()
    assert "  " not in once


def test_emphasis_by_repetition_comes_off():
    assert unstretched("stoppp") == "stop"
    assert unstretched("good") == "good"


def test_phrases_are_found_as_whole_words_only():
    table = Phrases({"label": ("stop sign", "stop")})
    assert table.find(("the", "stop", "sign")) == ("label", "stop sign")
    assert table.find(("stopping", "sign")) is None
    assert table.find(()) is None
