"""How messages look to the page and to tests: plain values for JSON. Nothing is decided here."""

from dataclasses import asdict

from gateway.sandbox.mail.read import read_mail
from gateway.sandbox.media import MediaStore
from gateway.sandbox.message import CloudMessage, File, MailMessage, Message, TwilioMessage


def message_view(message: Message, media: MediaStore) -> dict[str, object]:
    """Describe one message; `files` have an `href` below /sandbox when the bytes are here."""
    view: dict[str, object] = {
        "id": message.message_id,
        "channel": message.channel,
        "author": message.author,
        "customer": message.customer,
        "ours": message.ours,
        "at": message.at.isoformat(timespec="milliseconds"),
        "kind": message.kind,
        "text": message.text,
        "name": message.name,
        "status": message.status,
        "error_code": message.error_code,
        "error": message.error,
        "header": message.header,
        "footer": message.footer,
        "choices": [asdict(choice) for choice in message.choices],
        "list_label": message.list_label,
        "files": [_file_view(file) for file in message.files],
        "reply_to": message.reply_to,
        "reaction": message.reaction,
        "template": message.template,
    }
    if isinstance(message, MailMessage):
        view |= _mail_view(message, media)
    elif isinstance(message, TwilioMessage):
        view |= {"segments": message.segments, "callback_url": message.callback_url}
    elif isinstance(message, CloudMessage):
        view |= {"user_id": message.user_id, "callback_data": message.callback_data}
    return view


def _file_view(file: File) -> dict[str, object]:
    href = f"api/files/{file.token}" if file.token else file.url
    return {
        "filename": file.filename,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
        "href": href,
        "is_here": bool(file.token),
    }


def _mail_view(message: MailMessage, media: MediaStore) -> dict[str, object]:
    raw = media.get(message.raw_token)
    if raw is None:
        return {"subject": message.subject, "sender": message.sender, "smtp_reply": message.smtp_reply, "is_gone": True}
    mail = read_mail(raw.content)
    return {
        "subject": mail.subject,
        "sender": message.sender,
        "from": mail.from_line,
        "to": mail.to_line,
        "reply_address": mail.reply_address,
        "text": mail.text,
        "has_html": mail.has_html,
        "attachments": list(mail.attachments),
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "unsubscribe_url": mail.unsubscribe_url,
        "auto_submitted": mail.auto_submitted,
        "smtp_reply": message.smtp_reply,
        "raw": f"api/files/{message.raw_token}",
    }
