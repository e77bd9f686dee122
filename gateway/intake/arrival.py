"""An inbound message on its way through intake: who it is from, what is known, what was decided. Pure records."""

from msgspec import Struct

from gateway.domain.cases import CaseDraft
from gateway.domain.channel import Channel
from gateway.domain.decision import Decision, Facts
from gateway.domain.messages import InboundMessage
from gateway.domain.people import Person


class Arrival(Struct, frozen=True, kw_only=True):
    """One inbound message whose sender is known by now; `payload` is its place among the batch's raw payloads."""

    message: InboundMessage
    person: Person
    endpoint_id: int
    channel: Channel
    payload: int


class Known(Struct, frozen=True, kw_only=True):
    """What the store knows about one arrival: a fresh id for it, whether it is a repeat, and routing's facts."""

    message_id: int
    is_repeat: bool
    facts: Facts
    reply_to_message_id: int | None


class CaseOpening(Struct, frozen=True, kw_only=True):
    """A case that a message opens, with the id and public number it will have."""

    case_id: int
    number: str
    draft: CaseDraft


class Decided(Struct, frozen=True, kw_only=True):
    """One arrival with its decision, ready to be written.

    `case_id` is the case the message belongs to, `opening` that case when the message opens it.
    """

    arrival: Arrival
    known: Known
    decision: Decision
    case_id: int | None = None
    opening: CaseOpening | None = None


class StoredMessage(Struct, frozen=True, kw_only=True):
    """One message, what was decided and what went into the outbox for it; `preview` is the latest thing said."""

    decided: Decided
    last_message_id: int
    preview: str
    preview_is_ours: bool
    automatic_replies: int
