"""A form is read as the standard library reads it, whatever is encoded in it and however badly."""

from urllib.parse import unquote_plus

from hypothesis import given
from hypothesis import strategies as st

from channels.twilio.form import pairs

ENCODED = ("%D7", "%d7%90", "%90", "%E2%80", "%25", "%26", "%3D", "+")
BITS = st.sampled_from([*ENCODED, "%", "%2", "%zz", "a", "ש", "é", " "])


def as_the_standard_library_reads(text: str) -> str:
    return unquote_plus(text, errors="surrogateescape")


@given(st.lists(BITS).map("".join), st.lists(BITS).map("".join))
def test_a_field_is_decoded_as_the_standard_library_does(name, value):
    [(read_name, read_value)] = pairs(f"{name}={value}".encode())
    assert (read_name, read_value) == (as_the_standard_library_reads(name), as_the_standard_library_reads(value))
