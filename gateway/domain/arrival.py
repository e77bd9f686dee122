"""An inbound message on its way through intake: who it is from, what is known, what was decided. Pure records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case import CaseDraft
from gateway.domain.channel import Channel
from gateway.domain.decision import Decision
from gateway.domain.dialogue import Question
from gateway.domain.event import InboundMessage
from gateway.domain.facts import Facts
from gateway.domain.language import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressKey:
    """What tells addresses apart: the address as text, and whether somebody vouches for its owner."""

    uri: str
    proven: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A known address, whose it is, and the conversation it speaks in."""

    address_id: int
    contact_id: int
    conversation_id: int
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAddress:
    """An address to add: to this contact, or to a new one when there is none."""

    key: AddressKey
    contact_id: int | None = None
    name: str = ""
    language: Language | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RawPayload:
    """What a provider sent, verbatim, and where it came in."""

    source: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One inbound message whose sender is known by now; `payload` is its place among the batch's raw payloads."""

    message: InboundMessage
    person: Person
    endpoint_id: int
    channel: Channel
    payload: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the store knows about one arrival: a fresh id for it, whether it is a repeat, and routing's facts."""

    message_id: int
    is_repeat: bool
    facts: Facts
    answers_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseOpening:
    """A case to open, with the id and public number it will have."""

    case_id: int
    number: str
    arrival: Arrival
    draft: CaseDraft


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """One arrival with its decision, ready to be written; `case_id` is the case the message belongs to."""

    arrival: Arrival
    known: Known
    decision: Decision
    case_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationChange:
    """What one message and its decision change in its conversation; `preview` is the latest thing said."""

    arrival: Arrival
    last_message_id: int
    preview: str
    preview_is_ours: bool
    question: Question | None
    keeps_question: bool
    automatic_replies: int
    acknowledged: bool
    case_id: int | None
    language: Language | None
