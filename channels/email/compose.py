"""Writing a mail from a delivery: headers, plain text and a simple HTML page beside it.

Pure; sending is `relay`'s work.

Nothing a user wrote can become a header or markup: header values lose their line ends, and text is escaped.
"""

import html
import re
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from channels.email.automatic import loop_mark, message_id
from gateway.domain.account import MailAccount
from gateway.domain.outbox import Outgoing

_RIGHT_TO_LEFT = frozenset({"he", "ar", "fa", "yi"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_LINK = re.compile(r"https?://[^\s<>\"'\u200e\u200f]{1,2000}[^\s<>\"'.,;:!?)\]\u200e\u200f]")
_NO_SUBJECT = {"he": "הודעה", "en": "Message"}
_LEAVE = {"he": "להסרה מרשימת התפוצה", "en": "Unsubscribe"}
_MAX_REFERENCES = 20
_PAGE = (
    '<!DOCTYPE html>\n<html lang="{language}" dir="{direction}">\n<head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>\n'
    '<body dir="{direction}" style="margin:0;padding:16px;font:16px/1.5 Arial,Helvetica,sans-serif;'
    'color:#1a1a1a;background:#ffffff">\n'
    '<div style="max-width:640px;text-align:{side}">\n{paragraphs}\n</div>\n</body>\n</html>\n'
)


def write(outgoing: Outgoing, account: MailAccount, *, sender_name: str, now: datetime) -> EmailMessage:
    """Make the mail of one delivery. `now` is aware UTC.

    Raises:
        ValueError: an address cannot stand in a header.
    """
    message = EmailMessage(policy=SMTP.clone(raise_on_defect=False))
    message["From"] = _address(sender_name, outgoing.endpoint_address)
    message["To"] = _address("", outgoing.to.value)
    message["Subject"] = _one_line(outgoing.subject) or _NO_SUBJECT.get(outgoing.language, _NO_SUBJECT["en"])
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{message_id(account, outgoing.delivery_id)}>"
    message["X-Loop"] = loop_mark(account)
    if outgoing.reply_to:
        message["Reply-To"] = _address(sender_name, outgoing.reply_to)
    _add_thread(message, outgoing)
    _add_manners(message, outgoing)
    message.set_content(body_text(outgoing), subtype="plain", charset="utf-8", cte="quoted-printable")
    message.add_alternative(outgoing.html or page(outgoing), subtype="html", charset="utf-8", cte="quoted-printable")
    return message


def _address(name: str, mailbox: str) -> HeaderAddress:
    return HeaderAddress(display_name=_one_line(name), addr_spec=_one_line(mailbox))


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:900]


def _add_thread(message: EmailMessage, outgoing: Outgoing) -> None:
    parent = _id(outgoing.in_reply_to or "")
    ancestors = [found for found in map(_id, outgoing.references[-_MAX_REFERENCES:]) if found and found != parent]
    if parent:
        message["In-Reply-To"] = parent
    if parent or ancestors:
        message["References"] = " ".join([*ancestors, parent] if parent else ancestors)


def _id(text: str) -> str:
    bare = re.sub(r"[\s<>]", "", _one_line(text))
    return f"<{bare}>" if bare.isascii() and 0 < len(bare) <= 250 else ""  # noqa: PLR2004 - an id is never folded


def _add_manners(message: EmailMessage, outgoing: Outgoing) -> None:
    """Say that nobody need answer what a machine wrote (RFC 3834).

    And how to leave what nobody asked for (RFC 8058).
    """
    if outgoing.automatic or outgoing.notice:
        message["Auto-Submitted"] = "auto-replied" if outgoing.automatic else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    if outgoing.automatic:
        message["Precedence"] = "bulk"
    if outgoing.notice and outgoing.unsubscribe_url.startswith("https://"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if outgoing.notice and outgoing.unsubscribe_url:
        url = re.sub(r"[\s<>]", "", _one_line(outgoing.unsubscribe_url))
        message["List-Unsubscribe"] = f"<{url}>"


def body_text(outgoing: Outgoing) -> str:
    """Give the text with its numbered choices, files to fetch and, on notices, the way to leave."""
    lines = [outgoing.text.replace("\r\n", "\n").replace("\x00", "").strip()]
    if outgoing.choices:
        lines.append("\n".join(f"{number}. {choice.label}" for number, choice in enumerate(outgoing.choices, 1)))
    lines += [f"{media.filename or media.media_type}: {media.url}" for media in outgoing.media]
    if outgoing.notice and outgoing.unsubscribe_url:
        lines.append(f"{_LEAVE.get(outgoing.language, _LEAVE['en'])}: {outgoing.unsubscribe_url}")
    return "\n\n".join(line for line in lines if line) + "\n"


def page(outgoing: Outgoing) -> str:
    """Give the same words as a plain HTML page in the right direction.

    Everything is escaped, web addresses become links.
    """
    paragraphs = re.split(r"\n\s*\n", body_text(outgoing).strip())
    is_right_to_left = outgoing.language.partition("-")[0] in _RIGHT_TO_LEFT
    return _PAGE.format(
        language=html.escape(outgoing.language),
        direction="rtl" if is_right_to_left else "ltr",
        side="right" if is_right_to_left else "left",
        title=html.escape(_one_line(outgoing.subject)),
        paragraphs="\n".join(f'<p dir="auto" style="margin:0 0 1em">{_markup(text)}</p>' for text in paragraphs),
    )


def _markup(text: str) -> str:
    pieces: list[str] = []
    position = 0
    for match in _LINK.finditer(text):
        url = html.escape(match[0])
        pieces += [html.escape(text[position : match.start()]), f'<a href="{url}">{url}</a>']
        position = match.end()
    pieces.append(html.escape(text[position:]))
    return "".join(pieces).replace("\n", "<br>\n")
