"""What a customer sent through Twilio, SMS or WhatsApp, as our events. Pure; nothing here raises."""

import base64
import binascii
import re
from collections.abc import Sequence

import orjson

from channels.cleaning import displayable, storable
from channels.twilio import codes
from channels.twilio.fields import (
    Fields,
    OurNumbers,
    addresses_of,
    channel_of,
    endpoint_of,
    left_over,
    unknown,
    without_prefix,
)
from gateway.domain.channel import Channel
from gateway.domain.messages import Attachment, ConsentSignal, Event, InboundMessage, MessageKind, ReplyContext, Sender

_BASE64 = re.compile(r"[A-Za-z0-9+/]{22,}={0,2}", re.ASCII)
_MOST_MEDIA = 100
_FAMILIES = {"image": MessageKind.IMAGE, "video": MessageKind.VIDEO, "audio": MessageKind.AUDIO}


def read_message(fields: Fields, numbers: OurNumbers) -> Sequence[Event]:
    """Read one inbound message, and the consent signal that goes with it when Twilio heard a word it acts on."""
    people = addresses_of(fields.get("From", ""), fields.get("ExternalUserId", ""), fields.get("WaId", ""))
    if not people:
        return [unknown(fields, numbers, "Twilio sent a message without a sender")]
    sender = Sender(address=people[0], name=displayable(fields.get("ProfileName", "")), also=people[1:])
    message = _message(fields, numbers, sender)
    wish = codes.OPT_OUT_WISHES.get(fields.get("OptOutType", "").upper())
    if wish is None:
        return [message]
    signal_id = f"{message.provider_id}:{wish}"
    return [message, ConsentSignal(endpoint=message.endpoint, provider_id=signal_id, sender=sender, wish=wish)]


def _message(fields: Fields, numbers: OurNumbers, sender: Sender) -> InboundMessage:
    attachments = _attachments(fields)
    kind = _kind(fields, attachments)
    body = fields.get("Body", "")
    words = displayable(_readable(body))
    text = words or displayable(_stand_in(fields, kind))
    choice = displayable(fields.get("ButtonPayload") or fields.get("ListId", ""))
    replied = displayable(fields.get("OriginalRepliedMessageSid", ""))
    return InboundMessage(
        endpoint=endpoint_of(fields, numbers),
        provider_id=displayable(fields.get("MessageSid") or fields["SmsSid"]),
        raw=left_over(fields) | ({"Body": storable(body)} if words != body else {}),
        sender=sender,
        to=displayable(without_prefix(fields.get("To", ""))),
        kind=kind,
        text=text,
        full_text=text,
        choice=choice or None,
        attachments=attachments,
        context=ReplyContext(provider_ids=(replied,) if replied else ()),
        provider_answered=_is_answered(fields, words),
        target_provider_id=replied if replied and kind is MessageKind.REACTION else None,
    )


def _is_answered(fields: Fields, words: str) -> bool:
    """Say whether Twilio itself answers this, so that a second answer of ours would be one too many."""
    if fields.get("OptOutType"):
        return True
    return channel_of(fields) is Channel.SMS and words.strip().upper() in codes.ANSWERED_WORDS


def _readable(body: str) -> str:
    """Undo the base64 in which some bodies come, only when it is clearly that: long, and nothing but text inside."""
    if len(body) % 4 or _BASE64.fullmatch(body) is None:
        return body
    try:
        text = base64.b64decode(body, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return body
    return text if all(character.isprintable() or character in "\r\n\t" for character in text) else body


def _kind(fields: Fields, attachments: Sequence[Attachment]) -> MessageKind:
    if fields.get("ButtonPayload") or fields.get("ListId"):
        return MessageKind.CHOICE
    if fields.get("InteractiveData") or fields.get("FlowData"):
        return MessageKind.FORM
    if fields.get("Latitude") and fields.get("Longitude"):
        return MessageKind.LOCATION
    named = codes.MESSAGE_TYPES.get(fields.get("MessageType", ""))
    if named is not None:
        return named
    return _media_kind(attachments[0].media_type) if attachments else MessageKind.TEXT


def _media_kind(media_type: str) -> MessageKind:
    family, _, form = media_type.partition("/")
    if form in ("vcard", "x-vcard"):
        return MessageKind.CONTACTS
    return _FAMILIES.get(family, MessageKind.DOCUMENT)


def _stand_in(fields: Fields, kind: MessageKind) -> str:
    """Give the words that stand for a message without a body: the button's title, the place, a form's answers."""
    if kind is MessageKind.CHOICE:
        return fields.get("ButtonText") or fields.get("ListTitle", "")
    if kind is MessageKind.LOCATION:
        point = f"{fields.get('Latitude', '')},{fields.get('Longitude', '')}"
        return "\n".join(part for part in (fields.get("Label"), fields.get("Address"), point) if part)
    if kind is MessageKind.FORM:
        return _form_answers(fields.get("InteractiveData") or fields.get("FlowData", ""))
    return ""


def _form_answers(text: str) -> str:
    try:
        answers = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if not isinstance(answers, dict):
        return text
    return "\n".join(f"{name}: {value}" for name, value in answers.items())


def _attachments(fields: Fields) -> tuple[Attachment, ...]:
    """List the files by the URLs that are there; NumMedia is only what Twilio says of them."""
    found = []
    for index in range(_MOST_MEDIA):
        url = fields.get(f"MediaUrl{index}")
        if not url:
            break
        media_type = fields.get(f"MediaContentType{index}") or "application/octet-stream"
        found.append(Attachment(url=displayable(url), media_type=displayable(media_type)))
    return tuple(found)
