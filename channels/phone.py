"""Phone numbers as addresses: reading what people type, and the second forms some countries' numbers have.

Whether a number is really in service is not known here; only a send can tell.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult

from gateway.domain.errors import AddressError
from gateway.domain.people import Address, Scheme, tel

_CLEAN = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

_UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "has no known country code; write it with + and the country code",
    NumberParseException.NOT_A_NUMBER: "is not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "is too short to be a phone number",
    NumberParseException.TOO_SHORT_NSN: "is too short to be a phone number",
    NumberParseException.TOO_LONG: "is too long to be a phone number",
}

_IMPOSSIBLE = {
    ValidationResult.INVALID_COUNTRY_CODE: "has no known country code",
    ValidationResult.TOO_SHORT: "has too few digits for its country",
    ValidationResult.TOO_LONG: "has too many digits for its country",
    ValidationResult.INVALID_LENGTH: "has a number of digits that its country does not use",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
}

# (the shape of a number, how its other form is written); sources: Anatel's ninth digit, IFT's 2019 dialling plan,
# and Argentina's mobile 9, which WhatsApp keeps or drops differently from what people type.
_FORMS = (
    (re.compile(r"\+55(\d\d)9([6-9]\d{7})"), r"+55\1\2"),
    (re.compile(r"\+55(\d\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+52([2-9]\d{9})"), r"+521\1"),
    (re.compile(r"\+549(\d{10})"), r"+54\1"),
    (re.compile(r"\+54([1-8]\d{9})"), r"+549\1"),
)
_TWO_FORMED = ("+55", "+52", "+54")


def is_e164(text: str) -> bool:
    """Say whether the text is already a clean E.164 number: `+`, then 7 to 15 digits, the first not 0."""
    return _CLEAN.fullmatch(text) is not None


def to_e164(text: str, region: str) -> Address:
    """Read a phone number as a person writes it; `region` (such as IL) is where one without a country code belongs.

    Raises:
        AddressError: it cannot be a phone number; says why.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise AddressError(f"{text[:40]!r} {_UNREADABLE[error.error_type]}") from error
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict != ValidationResult.IS_POSSIBLE:
        raise AddressError(f"{text[:40]!r} {_IMPOSSIBLE[verdict]}")
    return tel(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def variants(address: Address) -> tuple[Address, ...]:
    """Give every form in which this address may also be known, itself first: for comparing, never for rewriting.

    Brazilian mobiles come with or without the ninth digit, Mexican ones with or without 1 and Argentine ones with or
    without 9 after the country code.
    """
    if address.scheme is not Scheme.TEL or not address.value.startswith(_TWO_FORMED):
        return (address,)
    others = (tel(shape.sub(form, address.value)) for shape, form in _FORMS if shape.fullmatch(address.value))
    return (address, *others)
