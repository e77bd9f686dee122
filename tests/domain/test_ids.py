"""Ids from outside: what PostgreSQL holds is read, all else is nothing."""

import pytest

from gateway.domain.ids import bigint_of
from gateway.domain.paging import BadCursor, Place, id_after, place_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("7", 7, id="a number"),
        pytest.param("0", 0, id="zero"),
        pytest.param("9223372036854775807", 2**63 - 1, id="the largest a bigint holds"),
        pytest.param("9223372036854775808", None, id="one more"),
        pytest.param("9" * 5_000, None, id="more digits than int reads"),
        pytest.param("", None, id="nothing"),
        pytest.param("-7", None, id="a sign"),
        pytest.param(" 7", None, id="a space, which int forgives"),
        pytest.param("1_000", None, id="an underscore, which int forgives"),
        pytest.param("٧", None, id="an Arabic digit, which int reads"),
        pytest.param("²", None, id="a digit that int does not read"),
    ],
)
def test_an_id_is_digits_that_a_bigint_holds(text, number):
    assert bigint_of(text) == number


def test_a_cursor_leads_back_to_its_place():
    assert place_of(Place(id=5).cursor()) == Place(id=5)
    assert id_after("5") == 5
    assert id_after(None) == 0


@pytest.mark.parametrize("last_id", [2**63, -1])
def test_a_cursor_with_an_id_that_cannot_be_is_none_of_ours(last_id):
    with pytest.raises(BadCursor):
        place_of(Place(id=last_id).cursor())
    with pytest.raises(BadCursor):
        id_after(str(last_id))
