"""The outbox as the senders see it: what was claimed, what came of it, what an endpoint may do. Pure records."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.delivery import Choice, Lane


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
