"""Deliveries: getting one outbound message to one address; their states, and which state may follow which."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum

from msgspec import Struct, field

from gateway.domain.address import Address
from gateway.domain.channel import Channel


class Status(StrEnum):
    """Where a delivery stands. UNKNOWN: we may have sent it and cannot tell."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Lane(IntEnum):
    """Which queue a delivery waits in; a lower lane is always served first."""

    REPLY = 0
    TRANSACTIONAL = 1
    BULK = 2


_RANK = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.UNKNOWN: 2,
    Status.SENT: 3,
    Status.FAILED: 4,
    Status.DELIVERED: 5,
    Status.READ: 6,
}


def rank(status: Status) -> int:
    """Order the states a provider can report: a delivery only ever moves to a higher rank.

    FAILED outranks SENT, so a late "sent" cannot undo it; DELIVERED and READ outrank FAILED, since a phone that
    got the message got it. SUPPRESSED is ours and never sent, so nothing a provider says applies.
    """
    return _RANK.get(status, 9)


def advance(current: Status, reported: Status) -> Status:
    """Apply a provider's report: the higher rank wins, whatever the order of arrival."""
    return reported if rank(reported) > rank(current) else current


class Choice(Struct, frozen=True, kw_only=True):
    """One thing a customer can pick: a button or list row where the channel has them, a numbered line elsewhere."""

    key: str
    label: str
    description: str = ""


class MediaLink(Struct, frozen=True, kw_only=True):
    """A file to send, by a URL the provider can fetch."""

    url: str
    media_type: str
    filename: str = ""


class ProviderTemplate(Struct, frozen=True, kw_only=True):
    """A message template the provider has approved: a Content SID, or a WhatsApp template name and language."""

    name: str
    language: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


class Outgoing(Struct, frozen=True, kw_only=True):
    """One delivery, ready for a channel's `send`: everything it needs, and nothing to look up.

    `endpoint_address` and `account` name our number or mailbox; `in_reply_to` and `references` are provider ids;
    `reply_to` is the signed plus-address of the conversation (mail); `notice` marks what nobody asked for.
    """

    delivery_id: int
    channel: Channel
    endpoint_address: str
    to: Address
    text: str
    account: str = ""
    html: str = ""
    subject: str = ""
    language: str = "he"
    choices: tuple[Choice, ...] = ()
    media: tuple[MediaLink, ...] = ()
    template: ProviderTemplate | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    reply_to: str = ""
    automatic: bool = False
    notice: bool = False
    unsubscribe_url: str = ""
    status_callback_url: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """The provider's acceptance of one delivery."""

    provider_id: str
    status: Status = Status.SENT
    accepted_at: datetime | None = None
