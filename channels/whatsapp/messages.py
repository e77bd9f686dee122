"""What a customer sent on WhatsApp, as our events: every message type, known or not. Pure; nothing here raises."""

from collections.abc import Callable, Mapping, Sequence

from channels.cleaning import storable
from channels.whatsapp.codes import INTERACTIVE_TYPES, MESSAGE_TYPES
from channels.whatsapp.people import addresses, sender
from channels.whatsapp.shapes import Shape, items, loads, moment, record, records, sha256_hex, text
from gateway.domain.messages import Attachment, Event, InboundMessage, MessageKind, NumberChange, ReplyContext

_BASE = frozenset({"from", "from_user_id", "id", "timestamp", "type"})
_MEDIA = frozenset({MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.AUDIO, MessageKind.DOCUMENT, MessageKind.STICKER})
_UNSAID = ("flow_token",)


def read_message(message: Shape, contacts: Sequence[Shape], endpoint: str, to: str) -> Event | None:
    """Read one message; None when it names no sender or has no id, and so belongs to no conversation."""
    provider_id = text(message.get("id"))
    if not provider_id:
        return None
    moved = _number_change(message, endpoint, provider_id)
    if moved is not None:
        return moved
    author = sender(message, contacts)
    if author is None:
        return None
    kind = _kind(message)
    content = _edited(message) if kind is MessageKind.EDITED else message
    words = _words(content, kind)
    context = text(record(message.get("context")).get("id"))
    return InboundMessage(
        endpoint=endpoint,
        provider_id=provider_id,
        occurred_at=moment(message.get("timestamp")),
        raw=_left_over(message, words),
        sender=author,
        to=to,
        kind=kind,
        text=words,
        full_text=words,
        choice=_choice(message) or None,
        attachments=_attachments(content),
        context=ReplyContext(provider_ids=(context,) if context else ()),
        target_provider_id=_target(message, kind) or None,
    )


def _kind(message: Shape) -> MessageKind:
    name = text(message.get("type"))
    if name == "interactive":
        return INTERACTIVE_TYPES.get(text(record(message.get("interactive")).get("type")), MessageKind.UNSUPPORTED)
    return MESSAGE_TYPES.get(name, MessageKind.UNSUPPORTED)


def _left_over(message: Shape, words: str) -> dict[str, object]:
    """Keep what the event does not model; a plain text that is shown as it came needs no second copy."""
    is_whole = record(message.get("text")).get("body") == words
    return {
        str(storable(name)): storable(value)
        for name, value in message.items()
        if name not in _BASE and not (name == "text" and is_whole)
    }


def _number_change(message: Shape, endpoint: str, provider_id: str) -> NumberChange | None:
    """Read that a person moved to another number, or got another user id; None when this is something else."""
    system = record(message.get("system"))
    if text(message.get("type")) != "system" or "changed" not in text(system.get("type")):
        return None
    old = addresses(message.get("from"), system.get("previous_user_id"))
    new = addresses(system.get("wa_id") or system.get("new_wa_id"), system.get("user_id"))
    if not old or not new or old[0] == new[0]:
        return None
    return NumberChange(
        endpoint=endpoint,
        provider_id=provider_id,
        occurred_at=moment(message.get("timestamp")),
        raw=_left_over(message, ""),
        old=old[0],
        new=new[0],
    )


def _edited(message: Shape) -> Shape:
    return record(record(message.get("edit")).get("message"))


def _target(message: Shape, kind: MessageKind) -> str:
    """Name the earlier message that this one is about."""
    if kind is MessageKind.REACTION:
        return text(record(message.get("reaction")).get("message_id"))
    if kind in (MessageKind.EDITED, MessageKind.DELETED):
        return text(record(message.get(text(message.get("type")))).get("original_message_id"))
    return ""


def _choice(message: Shape) -> str:
    interactive = record(message.get("interactive"))
    reply = record(interactive.get(text(interactive.get("type"))))
    return text(record(message.get("button")).get("payload")) or text(reply.get("id"))


def _attachments(message: Shape) -> tuple[Attachment, ...]:
    name = text(message.get("type"))
    media = record(message.get(name))
    media_id, url = text(media.get("id")), text(media.get("url"))
    if MESSAGE_TYPES.get(name) not in _MEDIA or not (media_id or url):
        return ()
    size = media.get("file_size")
    return (
        Attachment(
            filename=text(media.get("filename")),
            media_type=text(media.get("mime_type")) or "application/octet-stream",
            size_bytes=size if isinstance(size, int) and not isinstance(size, bool) else None,
            sha256=sha256_hex(media.get("sha256")),
            media_id=media_id or None,
            url=url or None,
        ),
    )


def _words(message: Shape, kind: MessageKind) -> str:
    """Give the words to show and to route for a message of this kind."""
    say = _WORDS.get(kind if kind is not MessageKind.EDITED else _kind(message))
    return say(message) if say is not None else ""


def _said_in_text(message: Shape) -> str:
    return text(record(message.get("text")).get("body"))


def _caption(message: Shape) -> str:
    return text(record(message.get(text(message.get("type")))).get("caption"))


def _emoji(message: Shape) -> str:
    return text(record(message.get("reaction")).get("emoji"))


def _title(message: Shape) -> str:
    interactive = record(message.get("interactive"))
    reply = record(interactive.get(text(interactive.get("type"))))
    return text(record(message.get("button")).get("text")) or text(reply.get("title"))


def _place(message: Shape) -> str:
    place = record(message.get("location"))
    point = ",".join(part for part in (text(place.get("latitude")), text(place.get("longitude"))) if part)
    return _lines(text(place.get("name")), text(place.get("address")), point, text(place.get("url")))


def _cards(message: Shape) -> str:
    return _lines(*(_card(card) for card in records(message.get("contacts"))))


def _card(card: Shape) -> str:
    name = record(card.get("name"))
    phones = (text(each.get("phone")) or text(each.get("wa_id")) for each in records(card.get("phones")))
    mails = (text(each.get("email")) for each in records(card.get("emails")))
    shown = text(name.get("formatted_name")) or text(name.get("first_name"))
    return ", ".join(part for part in (shown, *phones, *mails) if part)


def _form(message: Shape) -> str:
    """Give a form's answers, one a line; they come as JSON inside a string."""
    reply = record(record(message.get("interactive")).get("nfm_reply"))
    written = reply.get("response_json")
    answers = record(loads(written.encode("utf-8", "replace")) if isinstance(written, str) else written)
    said = [f"{text(name)}: {_answer(value)}" for name, value in answers.items() if name not in _UNSAID]
    return _lines(*said) or text(reply.get("body"))


def _answer(value: object) -> str:
    return ", ".join(text(each) for each in items(value)) if isinstance(value, list) else text(value)


def _basket(message: Shape) -> str:
    order = record(message.get("order"))
    lines = (
        f"{text(each.get('quantity'))} x {text(each.get('product_retailer_id'))}"
        for each in records(order.get("product_items"))
    )
    return _lines(text(order.get("text")), *lines)


def _system(message: Shape) -> str:
    return text(record(message.get("system")).get("body"))


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


_WORDS: Mapping[MessageKind, Callable[[Shape], str]] = {
    MessageKind.TEXT: _said_in_text,
    MessageKind.IMAGE: _caption,
    MessageKind.VIDEO: _caption,
    MessageKind.DOCUMENT: _caption,
    MessageKind.REACTION: _emoji,
    MessageKind.CHOICE: _title,
    MessageKind.LOCATION: _place,
    MessageKind.CONTACTS: _cards,
    MessageKind.FORM: _form,
    MessageKind.ORDER: _basket,
    MessageKind.SYSTEM: _system,
}
