"""What PostgreSQL's text and JSON cannot hold, and what becomes of it. The raw payload keeps every byte as it came."""

from msgspec.structs import replace

from gateway.domain.event import Attachment, InboundMessage, ReplyContext


def storable(text: str) -> str:
    """Drop NUL characters and repair lone surrogates, which text columns and JSON refuse; all else stays as it is."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


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
