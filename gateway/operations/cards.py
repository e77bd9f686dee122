"""Deliveries, problems and endpoints as operations see them."""

from datetime import datetime

from msgspec import Struct

from gateway.domain.outbox import Status


class DeliveryCard(Struct, frozen=True, kw_only=True):
    """One delivery as operations see it."""

    delivery_id: int
    message_id: int
    conversation_id: int
    channel: str
    endpoint: str
    address: str
    lane: int
    purpose: str
    status: Status
    attempts: int
    created_at: datetime
    updated_at: datetime
    error_code: str | None = None
    reason: str | None = None
    provider_id: str | None = None


class ProblemCard(Struct, frozen=True, kw_only=True):
    """A payload of which nothing, or not everything, could be made; `excerpt` is the start of its body."""

    raw_id: int
    source: str
    received_at: datetime
    problem: str
    size_bytes: int
    excerpt: str


class EndpointCard(Struct, frozen=True, kw_only=True):
    """One of our numbers or mailboxes as operations see it."""

    endpoint_id: int
    key: str
    channel: str
    address: str
    name: str
    active: bool
    sends_per_second: float
    paused_until: datetime | None = None
    paused_reason: str | None = None
