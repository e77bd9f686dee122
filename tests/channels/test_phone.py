import pytest

from channels.phone import is_e164, to_e164, variants
from gateway.domain.errors import AddressError
from gateway.domain.people import mailto, tel, wa


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        pytest.param("050-123-4567", "IL", "+972501234567", id="as people write it in Israel"),
        pytest.param("+972 (50) 123 4567", "US", "+972501234567", id="a country code beats the region"),
        pytest.param("00972501234567", "IL", "+972501234567", id="00 instead of +"),
        pytest.param("\u200e+972 50-123-4567\u200f", "IL", "+972501234567", id="bidi marks around a pasted number"),
        pytest.param("٠٥٠١٢٣٤٥٦٧", "IL", "+972501234567", id="Arabic digits"),
        pytest.param("(415) 867-5309", "US", "+14158675309", id="American"),
    ],
)
def test_a_number_becomes_e164(text, region, number):
    assert to_e164(text, region) == tel(number)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "is not a phone number", id="empty"),
        pytest.param("dana@example.com", "is not a phone number", id="a mailbox"),
        pytest.param("12", "too few digits", id="too short"),
        pytest.param("+9725012345678901", "too many digits", id="too long"),
        pytest.param("+999123456789", "country code", id="no such country"),
        pytest.param("1" * 10_000, "too long", id="a megabyte of digits"),
    ],
)
def test_what_is_no_number_is_refused_in_words(text, words):
    with pytest.raises(AddressError, match=words) as caught:
        to_e164(text, "IL")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("+5511987654321", "+551187654321", id="Brazil's ninth digit"),
        pytest.param("+5215512345678", "+525512345678", id="Mexico's 1"),
        pytest.param("+5491123456789", "+541123456789", id="Argentina's 9"),
    ],
)
def test_both_forms_of_a_number_name_each_other(one, other):
    assert variants(tel(one)) == (tel(one), tel(other))
    assert variants(tel(other)) == (tel(other), tel(one))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(tel("+972501234567"), id="Israel has none"),
        pytest.param(tel("+551123456789"), id="a Brazilian landline has none"),
        pytest.param(mailto("dana@example.com"), id="a mailbox"),
        pytest.param(wa("BR.5511987654321"), id="a user id that looks like a number"),
    ],
)
def test_other_addresses_have_one_form(address):
    assert variants(address) == (address,)


def test_a_variant_is_never_one_of_another_country():
    for form in variants(tel("+5215512345678")):
        assert form.value.startswith("+52")


@pytest.mark.parametrize(
    ("text", "is_clean"),
    [
        ("+972501234567", True),
        ("972501234567", False),
        ("+0501234567", False),
        ("+97250123456789012", False),
        ("+٩٧٢٥٠١٢٣٤٥٦٧", False),
    ],
)
def test_clean_e164_is_told_without_parsing(text, is_clean):
    assert is_e164(text) is is_clean
