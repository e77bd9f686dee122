"""People by their addresses: what an address is, what tells two apart, and whose one is."""

from enum import StrEnum
from typing import Self

from msgspec import Struct

from gateway.domain.errors import AddressError
from gateway.domain.language import Language


class Scheme(StrEnum):
    """What kind of value an address holds."""

    TEL = "tel"
    MAILTO = "mailto"
    WA = "wa"


class Address(Struct, frozen=True, kw_only=True):
    """A normalised address: `tel:+972501234567`, `mailto:dana@example.com`, `wa:US.1349…` (WhatsApp, no phone)."""

    scheme: Scheme
    value: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the form that `str` writes.

        Raises:
            AddressError: there is no known scheme, or nothing behind it.
        """
        scheme, colon, value = text.partition(":")
        if not colon or scheme not in _SCHEMES or not value:
            raise AddressError(f"{text!r} is not an address; write tel:+972…, mailto:name@host or wa:id")
        return cls(scheme=_SCHEMES[scheme], value=value)


_SCHEMES = {str(scheme): scheme for scheme in Scheme}


def tel(e164: str) -> Address:
    """Name the phone with this E.164 number."""
    return Address(scheme=Scheme.TEL, value=e164)


def mailto(mailbox: str) -> Address:
    """Name the mailbox, folded to lower case."""
    return Address(scheme=Scheme.MAILTO, value=mailbox.strip().lower())


def wa(user_id: str) -> Address:
    """Name a WhatsApp user known only by a business-scoped user id."""
    return Address(scheme=Scheme.WA, value=user_id)


class AddressKey(Struct, frozen=True, kw_only=True):
    """What tells addresses apart: the address as text, and whether somebody vouches for its owner."""

    uri: str
    proven: bool


class NewAddress(Struct, frozen=True, kw_only=True):
    """An address to add: to this contact, or to a new one when there is none."""

    key: AddressKey
    contact_id: int | None = None
    name: str = ""
    language: Language | None = None


class Person(Struct, frozen=True, kw_only=True):
    """A known address, whose it is, and the conversation it speaks in."""

    address_id: int
    contact_id: int
    conversation_id: int
    name: str
