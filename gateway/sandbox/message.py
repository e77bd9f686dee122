"""What passes between customers and the product, as the sandbox remembers it: frozen records, one kind per provider."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """The ways the sandbox's customer can be reached; WhatsApp once through Twilio, once through Meta's Cloud API."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    CLOUD = "cloud"
    MAIL = "mail"


class Author(StrEnum):
    """Who said it: the customer, the business (the product under test), or the provider on its own."""

    CUSTOMER = "customer"
    BUSINESS = "business"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Something the customer can tap: a `button`, a list `row`, or a `link` that opens `url`."""

    kind: str
    key: str
    label: str
    description: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file that came along: kept here under `token`, or only linked by `url`."""

    filename: str
    media_type: str
    token: str = ""
    url: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message. `status` is in the provider's words; `reply_to` is the provider id of the message it answers."""

    message_id: str
    channel: Channel
    author: Author
    customer: str
    ours: str
    at: datetime
    kind: str = "text"
    text: str = ""
    name: str = ""
    status: str = ""
    error_code: int | None = None
    error: str = ""
    header: str = ""
    footer: str = ""
    choices: tuple[Choice, ...] = ()
    list_label: str = ""
    files: tuple[File, ...] = ()
    reply_to: str = ""
    reaction: str = ""
    template: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TwilioMessage(Message):
    """A Twilio message and what its REST resource shows besides, addresses as Twilio writes them (`whatsapp:+…`)."""

    from_address: str
    to_address: str
    direction: str
    updated_at: datetime
    sent_at: datetime | None = None
    segments: int = 1
    callback_url: str = ""
    service_sid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudMessage(Message):
    """A Cloud API message: what Meta gives back with its statuses. `user_id` is the business-scoped user id."""

    user_id: str = ""
    callback_data: str = ""
    category: str = "service"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailMessage(Message):
    """A mail: the raw bytes are in the media store under `raw_token`; the text is read from them when it is shown."""

    raw_token: str
    sender: str
    subject: str = ""
    smtp_reply: str = ""
