import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wording.clusters import clusters
from gateway.wording.segments import count
from gateway.wording.splitting import split

FAMILY = "👨‍👩‍👧‍👦"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "sms" / "twilio_test_cases.json"


# The expected numbers are what Twilio's calculator (npm: sms-segments-calculator 1.3.0) answers for these texts.
@pytest.mark.parametrize(
    ("text", "encoding", "segments", "units"),
    [
        pytest.param("", "GSM-7", 1, 0, id="an empty text takes one segment"),
        pytest.param("a" * 160, "GSM-7", 1, 160, id="160 fit alone"),
        pytest.param("a" * 161, "GSM-7", 2, 161, id="161 do not"),
        pytest.param("a" * 159 + "€", "GSM-7", 2, 161, id="an escaped character costs two"),
        pytest.param("a" * 152 + "€" + "a" * 152, "GSM-7", 3, 306, id="an escape is not cut at the edge"),
        pytest.param("a" * 158 + "\r\n", "GSM-7", 1, 160, id="CR LF costs two"),
        pytest.param("a\fb", "GSM-7", 1, 4, id="a form feed is escaped"),
        pytest.param("ç", "UCS-2", 1, 1, id="small c cedilla is not in the alphabet"),
        pytest.param("Ç", "GSM-7", 1, 1, id="the capital one is"),
        pytest.param("“hi”", "UCS-2", 1, 4, id="smart quotes are not replaced"),
        pytest.param("a\tb", "UCS-2", 1, 3, id="a tab is not in the alphabet"),
        pytest.param("א" * 70, "UCS-2", 1, 70, id="70 Hebrew letters fit alone"),
        pytest.param("א" * 71, "UCS-2", 2, 71, id="71 do not"),
        pytest.param("א" * 69 + "😀", "UCS-2", 2, 71, id="an emoji costs two"),
        pytest.param("א" * 66 + "😀" + "א" * 67, "UCS-2", 3, 135, id="a surrogate pair is not cut at the edge"),
        pytest.param(FAMILY * 7, "UCS-2", 2, 77, id="a family is one character of eleven units"),
        pytest.param("א" * 60 + FAMILY, "UCS-2", 2, 71, id="a family moves whole"),
        pytest.param("🇮🇱" * 20, "UCS-2", 2, 80, id="flags are pairs"),
        pytest.param("שָׁ" * 23, "UCS-2", 1, 69, id="niqqud belongs to its letter"),
        pytest.param(
            "a" + "\u0301" * 99, "UCS-2", 2, 100, id="a character longer than a segment takes an empty one first"
        ),
        pytest.param("a" + "\u0301" * 200 + "bbb", "UCS-2", 3, 204, id="and nothing joins it there"),
        pytest.param(
            "א" * 67 + "x\u0301\u0301" + "y" + "\u0301" * 65, "UCS-2", 2, 136, id="what moved over makes no room"
        ),
        pytest.param("a\ud83d", "UCS-2", 1, 2, id="half a surrogate pair is one unit"),
    ],
)
def test_segments_are_counted_as_twilio_counts_them(text, encoding, segments, units):
    counted = count(text)
    assert (counted.encoding, counted.segments, counted.units) == (encoding, segments, units)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param(FAMILY, 1, id="a family"),
        pytest.param("👩🏽‍🚀", 1, id="an astronaut with a skin tone"),
        pytest.param("🧑‍🤝‍🧑", 3, id="newer than Unicode 10: falls apart, as at Twilio"),
        pytest.param("❤️‍🔥", 2, id="a heart on fire too"),
        pytest.param("👩🏽‍❤️‍💋‍👩🏾", 2, id="the last skin tone after a variation selector"),
        pytest.param("🇮🇱🇺🇸🇫", 3, id="two flags and a half"),
        pytest.param("\r\n", 2, id="CR LF"),
        pytest.param("각", 1, id="Hangul from its parts"),
        pytest.param("☝🏻", 1, id="an older sign with a skin tone"),
    ],
)
def test_clusters_are_those_of_unicode_10(text, number):
    assert len(clusters(text)) == number


def test_twilios_own_examples_hold():
    if not SHARED.exists():
        pytest.skip("Twilio's examples are not part of the project")
    for case in json.loads(SHARED.read_text(encoding="utf-8")):
        counted = count(case["body"])
        assert (counted.encoding, counted.segments) == (case["encoding"], case["segments"]), case["testDescription"]


MIXED = st.text(
    st.sampled_from(["a", "€", "א", "ָ", "😀", "\u200d", "👩", "🏽", "🇮", "\r", "\n", "”", "\u0301"]), max_size=400
)


@given(MIXED)
def test_clusters_lose_nothing(text):
    assert "".join(clusters(text)) == text


@given(MIXED)
def test_a_text_never_takes_fewer_segments_than_its_units_need(text):
    counted = count(text)
    alone, linked = (160, 153) if counted.encoding == "GSM-7" else (70, 67)
    assert counted.segments == 1 if counted.units <= alone else counted.segments >= 2
    assert (
        counted.units <= linked * counted.segments
        or counted.units <= alone
        or max(map(len, clusters(text))) > linked // 3
    )


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        pytest.param("קצר", 10, ("קצר",), id="what fits stays whole"),
        pytest.param("", 10, ("",), id="nothing stays nothing"),
        pytest.param(
            "אחת. שתיים שלוש! ארבע?",
            13,
            ("אחת. שתיים", "שלוש! ארבע?"),
            id="words when the sentence is too short a piece",
        ),
        pytest.param("One two. Three four five.", 16, ("One two.", "Three four five."), id="a sentence end is best"),
        pytest.param("aaaa bbbb cccc", 10, ("aaaa bbbb", "cccc"), id="else a word end"),
        pytest.param("aaaaa\n\nbb cc dd", 10, ("aaaaa", "bb cc dd"), id="white space at the cut goes"),
        pytest.param("x" * 7, 3, ("xxx", "xxx", "x"), id="a word too long is cut"),
        pytest.param(FAMILY * 3, 10, (FAMILY, FAMILY, FAMILY), id="never inside a character"),
    ],
)
def test_long_texts_are_cut_where_they_read_best(text, limit, pieces):
    assert split(text, limit) == pieces


WORDS = st.lists(
    st.sampled_from(["שלום", "word", ". ", " ", "\n", "\n\n", "? ", FAMILY, "🇮🇱", "e\u0301"]), max_size=60
).map("".join)


@given(WORDS, st.integers(min_value=12, max_value=80))
def test_splitting_loses_only_white_space_and_keeps_the_limit(text, limit):
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert not any("\u200d" in (piece[:1], piece[-1:]) for piece in pieces)


def test_a_megabyte_is_counted_and_split_quickly():
    text = "שלום עולם. " * 100_000
    assert count(text).segments > 10_000
    assert len(split(text, 4096)) > 200
