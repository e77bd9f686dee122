"""What customers and providers say, in our words: messages, status updates, bounces, wishes; made fit to store."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.domain.outbox import Status
from gateway.domain.people import Address

_HALF = re.compile("[\ud800-\udfff]")


class MessageKind(StrEnum):
    """What sort of content an inbound message carries."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    CHOICE = "choice"
    FORM = "form"
    ORDER = "order"
    SYSTEM = "system"
    EDITED = "edited"
    DELETED = "deleted"
    UNSUPPORTED = "unsupported"


class Verification(StrEnum):
    """How sure we are that the sender is who the message says: signed webhooks are aligned, mail is judged by DMARC."""

    ALIGNED = "aligned"
    UNALIGNED = "unaligned"
    NONE = "none"
    TEMPERROR = "temperror"


class Automatic(StrEnum):
    """Why a message is not from a person (RFC 3834)."""

    AUTO_REPLY = "auto_reply"
    LIST = "list"
    LOOP = "loop"


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that came with a message: its bytes (mail), or where the provider keeps it (`url` or `media_id`)."""

    filename: str = ""
    media_type: str = "application/octet-stream"
    size_bytes: int | None = None
    sha256: str | None = None
    content: bytes | None = None
    url: str | None = None
    media_id: str | None = None
    content_id: str | None = None


class Sender(Struct, frozen=True, kw_only=True):
    """Who sent a message: the address to know them by, and other names the same provider vouches for."""

    address: Address
    name: str = ""
    also: tuple[Address, ...] = ()


class ReplyContext(Struct, frozen=True, kw_only=True):
    """What a message answers: provider ids of earlier messages, nearest first; and what a signed address proves."""

    provider_ids: tuple[str, ...] = ()
    conversation_id: int | None = None


class Event(Struct, frozen=True, kw_only=True):
    """What all events share. `occurred_at` is the provider's time, aware UTC; `raw` is what no field models."""

    endpoint: str
    provider_id: str
    occurred_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=dict)


class InboundMessage(Event, frozen=True, kw_only=True):
    """One thing a customer said. `text` is what to show and route; `full_text` is all of it, quotes included."""

    sender: Sender
    to: str = ""
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    full_text: str = ""
    html: str = ""
    subject: str = ""
    choice: str | None = None
    attachments: tuple[Attachment, ...] = ()
    context: ReplyContext = ReplyContext()
    verification: Verification = Verification.ALIGNED
    automatic: Automatic | None = None
    provider_answered: bool = False
    target_provider_id: str | None = None


class StatusUpdate(Event, frozen=True, kw_only=True):
    """The provider's word on one of our deliveries; `delivery_id` is our own id when the callback carries it."""

    status: Status
    delivery_id: int | None = None
    recipient: Address | None = None
    error_code: str | None = None
    reason: str | None = None
    unreachable: bool = False
    opted_out: bool = False


class BounceReport(Event, frozen=True, kw_only=True):
    """A mail of ours that came back (RFC 3464), or a complaint about it (RFC 5965)."""

    failed_address: Address | None
    original_provider_id: str | None = None
    dsn: str | None = None
    hard: bool = False
    complaint: bool = False
    reason: str = ""


class ConsentWish(StrEnum):
    """What a provider says a customer chose, such as Twilio's `OptOutType` or WhatsApp's `user_preferences`."""

    STOP = "stop"
    START = "start"
    STOP_MARKETING = "stop_marketing"
    START_MARKETING = "start_marketing"


class ConsentSignal(Event, frozen=True, kw_only=True):
    """A customer's choice, told to us by the provider and not by a message."""

    sender: Sender
    wish: ConsentWish


class NumberChange(Event, frozen=True, kw_only=True):
    """A WhatsApp user moved to another number or user id; the old and new addresses are one person."""

    old: Address
    new: Address


class UnknownEvent(Event, frozen=True, kw_only=True):
    """Something a provider sent that we do not model: kept raw and shown to operations."""

    reason: str


def answering(subject: str) -> str:
    """Make the subject of an answer: one "Re:" before the other side's subject, on one line; nothing to nothing."""
    subject = " ".join(subject.split())
    return subject if not subject or subject.lower().startswith("re:") else f"Re: {subject}"


def storable(text: str) -> str:
    """Drop NUL characters and show lone surrogates as U+FFFD: neither text columns nor JSON nor screens take them.

    All else stays as it is, and most texts are fit.
    """
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text)
    return text


def storable_message(message: InboundMessage) -> InboundMessage:
    """Make every word of a message storable, so that nothing decided or quoted from it can fail to be written."""
    if _is_storable(message):
        return message
    return replace(
        message,
        provider_id=storable(message.provider_id),
        text=storable(message.text),
        full_text=storable(message.full_text),
        html=storable(message.html),
        subject=storable(message.subject),
        sender=replace(message.sender, name=storable(message.sender.name)),
        choice=storable(message.choice) if message.choice else message.choice,
        context=ReplyContext(
            provider_ids=tuple(storable(each) for each in message.context.provider_ids),
            conversation_id=message.context.conversation_id,
        ),
        attachments=tuple(_storable_attachment(each) for each in message.attachments),
    )


def _is_storable(message: InboundMessage) -> bool:
    """Say whether nothing needs repair, as with nearly every message: one look at all its words together."""
    words = [message.provider_id, message.text, message.full_text, message.html, message.subject, message.sender.name]
    words += [message.choice or "", *message.context.provider_ids]
    for attachment in message.attachments:
        words += [attachment.filename, attachment.media_type, attachment.content_id or ""]
    everything = "".join(words)
    return "\x00" not in everything and storable(everything) == everything


def _storable_attachment(attachment: Attachment) -> Attachment:
    return replace(
        attachment,
        filename=storable(attachment.filename),
        media_type=storable(attachment.media_type),
        content_id=storable(attachment.content_id) if attachment.content_id else None,
    )
