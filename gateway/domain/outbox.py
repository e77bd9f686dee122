"""An outbound message from its draft to what became of it: lanes, statuses and their order, claims, outcomes."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum

from msgspec import Struct, field

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.dialogue import Question
from gateway.domain.people import Address


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


AUTHOR = "gateway"  # who wrote what nobody did: the author of every automatic message


class Route(Struct, frozen=True, kw_only=True):
    """A way to one person: an address of theirs, reached from an endpoint of ours.

    `provider` is None where it was not looked up; the smallest size any provider takes then applies.
    """

    address_id: int
    endpoint_id: int
    channel: Channel
    provider: str | None = None


class OutgoingDraft(Struct, frozen=True, kw_only=True):
    """One outbound message for `outbox.store.outgoing.queue`.

    `parts` is the text as it will leave, cut where the channel demands it; `chain` the routes to try next when this one
    fails for good; `values` what its template was filled with; `cause_message_id` the inbound message whose decision it
    carries out; `reply_to_message_id` the message replied to.
    """

    contact_id: int
    conversation_id: int
    route: Route
    author: str
    text: str
    parts: tuple[str, ...]
    lane: Lane
    purpose: Purpose
    chain: tuple[Route, ...] = ()
    subject: str = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    question: Question | None = None
    case_id: int | None = None
    cause_message_id: int | None = None
    reply_to_message_id: int | None = None
    idempotency_key: str | None = None


class OpenEndpoint(Struct, frozen=True, kw_only=True):
    """An endpoint of ours that may send now."""

    endpoint_id: int
    key: str
    sends_per_second: float


class Budget(Struct, frozen=True, kw_only=True):
    """How many sends may start at once from one endpoint: in all, and of those outside the reply lane."""

    endpoint_id: int
    most: int
    most_not_replies: int


class Claimed(Struct, frozen=True, kw_only=True):
    """One delivery that this sender now holds, with everything needed to hand it over.

    `attempts` counts this one. `window_is_open` is about WhatsApp's 24 hours; `references` are the mail thread's ids,
    oldest first; `capped_since` is when the oldest of today's full measure of promotions went to this contact;
    `claimed_at`, when known, is no later than when it was tried.
    """

    delivery_id: int
    message_id: int
    contact_id: int
    conversation_id: int
    address_id: int
    endpoint_id: int
    endpoint_key: str
    endpoint_address: str
    account: str
    channel: Channel
    lane: Lane
    purpose: Purpose
    attempts: int
    created_at: datetime
    to: str
    text: str
    subject: str
    author: str
    language: str
    choices: tuple[Choice, ...] = ()
    template: str = ""
    template_values: Mapping[str, str] = field(default_factory=dict)
    window_is_open: bool = True
    quoted_provider_id: str | None = None
    last_inbound_provider_id: str | None = None
    references: tuple[str, ...] = ()
    thread_subject: str = ""
    zone: str = ""
    capped_since: datetime | None = None
    claimed_at: datetime | None = None


class Claim(Struct, frozen=True, kw_only=True):
    """What one look into the outbox gave: work, and the conversations where something was refused instead."""

    claimed: tuple[Claimed, ...]
    refused_conversation_ids: tuple[int, ...]


class OutcomeKind(StrEnum):
    """What came of handing a delivery over; NOT_NOW gives it back as if it had never been tried."""

    SENT = "sent"
    RETRY = "retry"
    NOT_NOW = "not_now"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SendOutcome(Struct, frozen=True, kw_only=True):
    """What came of one claimed delivery, and what it means for its address.

    `status` is the provider's first word and `provider_id` its id (SENT); `due_at` when to try again (RETRY, NOT_NOW);
    `tries_next_route` says that the next route of the chain may take over (FAILED).
    """

    claimed: Claimed
    kind: OutcomeKind
    status: str = "sent"
    provider_id: str | None = None
    due_at: datetime | None = None
    code: str = ""
    reason: str = ""
    tries_next_route: bool = False
    unreachable: bool = False
    opted_out: bool = False


class Pause(Struct, frozen=True, kw_only=True):
    """Why an endpoint must rest, and for how long."""

    endpoint_id: int
    seconds: float
    reason: str
