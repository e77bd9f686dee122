"""The customer writes on WhatsApp and Meta tells the product: messages, reactions, marketing choices, new numbers."""

import base64
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gateway.sandbox.cloud.accept import new_wamid, place_text
from gateway.sandbox.cloud.fields import child, text_of
from gateway.sandbox.cloud.hooks import CloudHooks
from gateway.sandbox.media import Media
from gateway.sandbox.message import Author, Channel, CloudMessage, File
from gateway.sandbox.post import Answer, PostError
from gateway.sandbox.twilio.inbound import user_id_of
from gateway.sandbox.world import World

_LABELS = {"button": "text", "text": "body", "reaction": "emoji", "system": "body"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A WhatsApp user. Without a `phone` the product learns the business-scoped user id only."""

    phone: str = ""
    user_id: str = ""
    name: str = ""
    username: str = ""

    @property
    def key(self) -> str:
        """How the product can write to this person: the phone, else the user id."""
        return self.phone or self.user_id

    def contact(self) -> dict[str, object]:
        """Describe this person as a webhook's `contacts` do."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        contact: dict[str, object] = {"profile": profile}
        if self.phone:
            contact["wa_id"] = self.phone.removeprefix("+")
        return contact | {"user_id": self.user_id}


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudSaid:
    """What a customer did: a message of `kind` with Meta's own `content` for it, perhaps answering `reply_to`."""

    person: Person
    kind: str
    content: Mapping[str, object] = field(default_factory=dict)
    reply_to: str = ""
    file: File | None = None


def person(*, address: str, name: str, username: str = "", hides_phone: bool = False) -> Person:
    """Make the person behind a phone number (+digits) or a user id; the same phone always has the same user id."""
    is_user_id = bool(re.match(r"[A-Z]{2}\.", address))
    return Person(
        phone="" if is_user_id or hides_phone else address,
        user_id=user_id_of(address),
        name=name,
        username=username,
    )


async def say(world: World, hooks: CloudHooks, said: CloudSaid) -> tuple[CloudMessage, Answer | PostError]:
    """Let the customer send this; gives the message and how the product took the first POST that told it."""
    message = _message(world, said)
    if said.kind == "reaction":
        _put_reaction(world, said)
    else:
        world.ledger.add(message)
    told = _told(world, said, message)
    outcome = await hooks.tell({"contacts": [said.person.contact()], "messages": [told]})
    _settle(world, message, outcome)
    return message, outcome


async def prefer(world: World, hooks: CloudHooks, who: Person, *, marketing: bool) -> Answer | PostError:
    """Let the customer stop, or resume, marketing messages in WhatsApp's own settings."""
    if marketing:
        world.ledger.stopped_marketing.discard(who.key)
    else:
        world.ledger.stopped_marketing.add(who.key)
    preference = {
        "detail": f"User requested to {'resume' if marketing else 'stop'} marketing messages",
        "category": "marketing_messages",
        "value": "resume" if marketing else "stop",
        "timestamp": int(time.time()),
        "user_id": who.user_id,
    }
    if who.phone:
        preference["wa_id"] = who.phone.removeprefix("+")
    return await hooks.tell({"contacts": [who.contact()], "user_preferences": [preference]}, "user_preferences")


def _told(world: World, said: CloudSaid, message: CloudMessage) -> dict[str, object]:
    told: dict[str, object] = {"from": message.customer.removeprefix("+")} if said.person.phone else {}
    told |= {
        "from_user_id": said.person.user_id,
        "id": message.message_id,
        "timestamp": str(int(message.at.timestamp())),
        "type": said.kind,
    }
    if said.content:
        told[said.kind] = dict(said.content)
    if said.reply_to:
        told["context"] = {"from": world.settings.twilio_whatsapp_from.removeprefix("+"), "id": said.reply_to}
    if said.kind == "unsupported":
        details = {"details": "Message type is currently not supported."}
        title = "Message type unknown"
        told["errors"] = [{"code": 131051, "title": title, "message": title, "error_data": details}]
    return told


def media_content(media: Media, token: str, *, caption: str) -> dict[str, object]:
    """Describe a file as a webhook does; a document also has its name."""
    digest = base64.b64encode(hashlib.sha256(media.content).digest()).decode()
    content: dict[str, object] = {"mime_type": media.media_type, "sha256": digest, "id": token}
    if caption:
        content["caption"] = caption
    if media_kind(media.media_type) == "document":
        content["filename"] = media.filename
    return content


def media_kind(media_type: str) -> str:
    """Name the kind of message a file of this type is sent as."""
    if media_type == "image/webp":
        return "sticker"
    main_type = media_type.partition("/")[0]
    return main_type if main_type in ("image", "audio", "video") else "document"


def _message(world: World, said: CloudSaid) -> CloudMessage:
    return CloudMessage(
        message_id=new_wamid(said.person.phone or said.person.user_id),
        channel=Channel.CLOUD,
        author=Author.CUSTOMER,
        customer=said.person.key,
        ours=world.settings.whatsapp_phone_number_id,
        at=datetime.now(UTC),
        kind=said.kind,
        text=_text(said),
        name=said.person.name,
        status="sending",
        files=(said.file,) if said.file else (),
        reply_to=said.reply_to,
        user_id=said.person.user_id,
    )


def _text(said: CloudSaid) -> str:
    content = said.content
    if said.kind == "interactive":
        reply = child(content, "button_reply") or child(content, "list_reply")
        return text_of(reply, "title")
    if said.kind == "location":
        return place_text(content)
    return text_of(content, _LABELS.get(said.kind, "caption"))


def _put_reaction(world: World, said: CloudSaid) -> None:
    target = world.ledger.get(text_of(said.content, "message_id"))
    if target is not None:
        world.ledger.change(replace(target, reaction=text_of(said.content, "emoji")))


def _settle(world: World, message: CloudMessage, outcome: Answer | PostError) -> None:
    kept = world.ledger.get(message.message_id)
    if kept is None or kept.status != "sending":
        return
    if isinstance(outcome, Answer) and outcome.is_success:
        world.ledger.set_status(message.message_id, "received")
    else:
        reason = str(outcome) if isinstance(outcome, PostError) else f"HTTP {outcome.status}"
        world.ledger.set_status(message.message_id, "retrying", error=reason)
