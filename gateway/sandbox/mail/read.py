"""Reads a mail the way a mail program shows it. The sandbox reads only what was sent to or by itself."""

import email
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from html import unescape

_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li)\b[^>]*>", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_HTTP_LINK = re.compile(r"<(https?://[^>\s]+)>")


@dataclass(frozen=True, kw_only=True, slots=True)
class MailText:
    """What a mail program shows of a mail; `unsubscribe_url` only when one click suffices (RFC 8058)."""

    message_id: str
    subject: str
    from_line: str
    to_line: str
    reply_address: str
    date: str
    text: str
    html: str
    attachments: tuple[str, ...]
    in_reply_to: str
    references: tuple[str, ...]
    unsubscribe_url: str
    auto_submitted: str

    @property
    def has_html(self) -> bool:
        """There is an HTML part to look at."""
        return bool(self.html)


def read_mail(raw: bytes) -> MailText:
    """Read a mail; what cannot be read is left empty, never an error."""
    message = email.message_from_bytes(raw, policy=policy.default)
    html = _body(message, "html")
    one_click = "one-click" in _header(message, "List-Unsubscribe-Post").lower()
    link = _HTTP_LINK.search(_header(message, "List-Unsubscribe")) if one_click else None
    return MailText(
        message_id=_header(message, "Message-ID").strip(),
        subject=_header(message, "Subject"),
        from_line=_header(message, "From"),
        to_line=_header(message, "To"),
        reply_address=parseaddr(_header(message, "Reply-To") or _header(message, "From"))[1],
        date=_header(message, "Date"),
        text=_body(message, "plain") or plain(html),
        html=html,
        attachments=_attachment_names(message),
        in_reply_to=_header(message, "In-Reply-To").strip(),
        references=tuple(_MESSAGE_ID.findall(_header(message, "References"))),
        unsubscribe_url=link[1] if link else "",
        auto_submitted=_header(message, "Auto-Submitted"),
    )


def plain(html: str) -> str:
    """Give the words of an HTML mail, roughly."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html))).strip()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, LookupError, AttributeError):  # the parser trips over broken headers
        return ""


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body(preferencelist=(kind,))
        return str(part.get_content()).replace("\r\n", "\n").strip() if part is not None else ""
    except (LookupError, ValueError, AttributeError, KeyError):  # unknown charset, broken structure
        return ""


def _attachment_names(message: EmailMessage) -> tuple[str, ...]:
    try:
        return tuple(part.get_filename() or part.get_content_type() for part in message.iter_attachments())
    except (LookupError, ValueError, AttributeError, TypeError):
        return ()
