"""Text made fit for PostgreSQL: the least is taken away, and what is fit stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.messages import storable


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        pytest.param("a\x00b", "ab", id="NUL is dropped"),
        pytest.param("ab\ud83d", "ab\ufffd", id="half an emoji is shown as no character"),
        pytest.param("שלום 😀", "שלום 😀", id="a whole one stays"),
        pytest.param("\x01\u202e", "\x01\u202e", id="other controls are the page's matter"),
    ],
)
def test_what_no_column_takes_is_taken_away(text, fit):
    assert storable(text) == fit


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("\x00\ud800\udfff")))
def test_any_text_becomes_fit_and_stays_so(text):
    fit = storable(text)

    fit.encode()
    assert "\x00" not in fit
    assert storable(fit) == fit
    assert len(fit) == len(text) - text.count("\x00")
