"""Contacts as they are shown: with their addresses, consent, and why one is unreachable."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from gateway.domain.consent import ConsentState, Purpose


class AddressCard(Struct, frozen=True, kw_only=True):
    """One address of a contact. `consent` is the latest choice, None when they never chose.

    `unreachable` says, per channel, why messages no longer arrive.
    """

    address_id: int
    uri: str
    proven: bool
    opted_out: frozenset[Purpose] = frozenset()
    consent: ConsentState | None = None
    unreachable: Mapping[str, str] = field(default_factory=dict)


class ContactCard(Struct, frozen=True, kw_only=True):
    """A contact with all its addresses; `conversation_id` is the one thread."""

    contact_id: int
    name: str
    language: str | None
    conversation_id: int
    created_at: datetime
    addresses: tuple[AddressCard, ...] = ()
