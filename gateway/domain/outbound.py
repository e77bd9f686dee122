"""An outbound message on its way into the outbox: what is said, to whom, how urgent, and what to try next."""

from collections.abc import Mapping

from msgspec import Struct, field

from gateway.domain.channel import Channel, Provider
from gateway.domain.consent import Purpose
from gateway.domain.delivery import Choice, Lane
from gateway.domain.dialogue import Question

AUTHOR = "gateway"  # who wrote what nobody did: the author of every automatic message


class Route(Struct, frozen=True, kw_only=True):
    """A way to one person: an address of theirs, reached from an endpoint of ours.

    `provider` is None where it was not looked up; the smallest size any provider takes then applies.
    """

    address_id: int
    endpoint_id: int
    channel: Channel
    provider: Provider | None = None


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
