"""How one event is shown by `eshnav parse`: the wire names of its JSON line. Fields that do not apply are null."""

from collections.abc import Sequence

from gateway.domain.messages import (
    Attachment,
    BounceReport,
    ConsentSignal,
    Event,
    InboundMessage,
    NumberChange,
    StatusUpdate,
    UnknownEvent,
)

_FIELDS: tuple[str, ...] = (
    *("file", "kind", "channel", "provider_id", "endpoint", "occurred_at", "from", "from_name", "also_from", "to"),
    *("message_kind", "subject", "text", "full_text", "choice", "attachments", "in_reply_to", "references"),
    *("conversation_id", "target", "verification", "automatic", "failed_address", "original_message_id", "dsn", "hard"),
    *("status", "delivery_id", "error_code", "unreachable", "opted_out", "wish", "new_address", "reason"),
)


def event_line(file: str, event: Event) -> dict[str, object]:
    """Give the whole line for one event."""
    shared: dict[str, object] = {
        "file": file,
        "provider_id": event.provider_id,
        "endpoint": event.endpoint or None,
        "channel": event.endpoint.split(":")[1] if event.endpoint.count(":") > 1 else None,
        "occurred_at": event.occurred_at.isoformat() if event.occurred_at else None,
    }
    return dict.fromkeys(_FIELDS) | shared | _particular(event)


def _particular(event: Event) -> dict[str, object]:
    match event:
        case InboundMessage():
            fields = _message(event)
        case StatusUpdate():
            fields = _status(event)
        case BounceReport():
            fields = _bounce(event)
        case ConsentSignal():
            fields = {"kind": "consent", "from": event.sender.address.value, "wish": event.wish.value}
        case NumberChange():
            reason = "the person moved to another number"
            fields = {"kind": "unknown", "from": event.old.value, "new_address": event.new.value, "reason": reason}
        case UnknownEvent():
            fields = {"kind": "unknown", "reason": event.reason}
        case _:
            fields = {"kind": "unknown"}
    return fields


def _status(event: StatusUpdate) -> dict[str, object]:
    return {
        "kind": "status",
        "to": event.recipient.value if event.recipient else None,
        "status": event.status.value,
        "delivery_id": event.delivery_id,
        "error_code": event.error_code,
        "reason": event.reason,
        "unreachable": event.unreachable,
        "opted_out": event.opted_out,
    }


def _bounce(event: BounceReport) -> dict[str, object]:
    return {
        "kind": "complaint" if event.complaint else "bounce",
        "failed_address": event.failed_address.value if event.failed_address else None,
        "original_message_id": event.original_provider_id,
        "dsn": event.dsn,
        "hard": event.hard,
        "reason": event.reason or None,
    }


def _message(event: InboundMessage) -> dict[str, object]:
    nearest, *others = event.context.provider_ids or (None,)
    references = event.raw.get("references", others)  # a mail keeps them in the order of its header
    return {
        "kind": "auto_reply" if event.automatic else "message",
        "from": event.sender.address.value,
        "from_name": event.sender.name or None,
        "also_from": [str(address) for address in event.sender.also],
        "to": event.to or None,
        "message_kind": event.kind.value,
        "subject": event.subject or None,
        "text": event.text,
        "full_text": event.full_text or event.text,
        "choice": event.choice,
        "attachments": _attachments(event.attachments),
        "in_reply_to": nearest,
        "references": references,
        "conversation_id": event.context.conversation_id,
        "target": event.target_provider_id,
        "verification": event.verification.value,
        "automatic": event.automatic.value if event.automatic else None,
    }


def _attachments(attachments: Sequence[Attachment]) -> list[dict[str, object]]:
    return [
        {
            "filename": attachment.filename or None,
            "media_type": attachment.media_type,
            "size_bytes": attachment.size_bytes,
            "sha256": attachment.sha256,
            "url": attachment.url,
            "media_id": attachment.media_id,
        }
        for attachment in attachments
    ]
