"""What agents see: conversations, messages and cases as they are read, with their context."""

from datetime import datetime

from msgspec import Struct

from gateway.domain.cases import CaseStatus, Severity
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.decision import Action, Reason
from gateway.domain.outbox import Route, Status
from gateway.people.cards import ContactCard


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
