"""What screens and the API show: conversations, messages, cases and contacts as they are read, with their context."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from gateway.domain.case import CaseStatus, Severity
from gateway.domain.channel import Channel
from gateway.domain.consent import ConsentState, Purpose
from gateway.domain.decision import Action, Reason
from gateway.domain.delivery import Status
from gateway.domain.outbound import Route


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


class CaseCard(Struct, frozen=True, kw_only=True):
    """A case as lists and threads show it; `assignee` is the agent's email, `assignee_name` their name."""

    case_id: int
    number: str
    conversation_id: int
    contact_name: str
    topic: str
    severity: Severity
    status: CaseStatus
    queue: str
    opened_at: datetime
    assignee_id: int | None = None
    assignee: str | None = None
    assignee_name: str | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    resolved_at: datetime | None = None


class ConversationCard(Struct, frozen=True, kw_only=True):
    """A conversation as a list shows it. `unread` counts this agent's unread inbound messages, to ten."""

    conversation_id: int
    contact_id: int
    name: str
    address: str
    proven: bool
    language: str | None
    channel: str | None
    preview: str
    preview_is_ours: bool
    last_activity_at: datetime
    last_message_id: int | None = None
    unread: int = 0
    case_number: str | None = None
    case_status: CaseStatus | None = None
    case_severity: Severity | None = None
    case_topic: str | None = None
    answer_due_at: datetime | None = None
    assignee: str | None = None


class DeliveryState(Struct, frozen=True, kw_only=True):
    """How far an outbound message got; the part of a long one that got least far speaks for all."""

    status: Status
    channel: str
    attempts: int
    reason: str | None = None
    provider_id: str | None = None


class DecisionNote(Struct, frozen=True, kw_only=True):
    """What routing decided and why: about an inbound message, or behind an automatic outbound one."""

    action: Action
    rule: int
    reason: Reason


class AttachmentCard(Struct, frozen=True, kw_only=True):
    """A file that came with a message; `state` is waiting, stored or failed."""

    attachment_id: int
    filename: str
    media_type: str
    state: str
    size_bytes: int | None = None
    reason: str | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """One message or note of a thread. `author` is a name people know; `is_automatic` marks what the gateway said."""

    message_id: int
    conversation_id: int
    direction: str
    channel: str
    kind: str
    author: str
    text: str
    created_at: datetime
    is_automatic: bool = False
    full_text: str | None = None
    has_html: bool = False
    subject: str | None = None
    verification: str | None = None
    purpose: str | None = None
    address: str | None = None
    endpoint: str | None = None
    provider_id: str | None = None
    delivery: DeliveryState | None = None
    decision: DecisionNote | None = None
    attachments: tuple[AttachmentCard, ...] = ()


class ReplyChannel(Struct, frozen=True, kw_only=True):
    """A way to write to a contact: an address on a channel, through one of our endpoints.

    `last_inbound_*` and `last_subject` are of what the person last wrote this way; `window_closes_at` is set on
    WhatsApp, where free text goes only until then.
    """

    route: Route
    uri: str
    proven: bool
    endpoint: str
    endpoint_address: str
    opted_out: frozenset[Purpose] = frozenset()
    unreachable: str | None = None
    last_inbound_at: datetime | None = None
    last_inbound_id: int | None = None
    last_subject: str = ""
    window_closes_at: datetime | None = None

    @property
    def channel(self) -> Channel:
        """The channel it goes by."""
        return self.route.channel


class Thread(Struct, frozen=True, kw_only=True):
    """A conversation opened: its messages oldest first, who it is with, the cases, and the ways to answer.

    `earlier` is the id to ask for messages before, or None when the thread starts here.
    """

    conversation_id: int
    contact: ContactCard
    entries: tuple[Entry, ...]
    earlier: int | None
    cases: tuple[CaseCard, ...]
    reply_channels: tuple[ReplyChannel, ...]
    last_channel: str | None = None

    @property
    def open_case(self) -> CaseCard | None:
        """The newest case that is not resolved."""
        return next((case for case in self.cases if case.status is not CaseStatus.RESOLVED), None)


class Draft(Struct, frozen=True, kw_only=True):
    """A knowledge article as an editor writes it: texts by language."""

    key: str
    category: str
    published: bool
    texts: tuple["DraftText", ...]


class DraftText(Struct, frozen=True, kw_only=True):
    """One language of an article."""

    language: str
    title: str
    answer: str
    variants: tuple[str, ...] = ()


class ArticleCard(Draft, frozen=True, kw_only=True):
    """An article as stored."""

    article_id: int
    updated_at: datetime


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
