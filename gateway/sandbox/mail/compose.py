"""Writes mails the way customers' mail programs do: new ones, and answers that quote below in each program's manner."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from enum import StrEnum
from html import escape

from gateway.sandbox.mail.read import MailText
from gateway.sandbox.media import Media

AUTHSERV_ID = "sandbox.invalid"


class Program(StrEnum):
    """The mail program the customer uses; it decides how an answer quotes."""

    GMAIL = "gmail"
    OUTLOOK = "outlook"
    THUNDERBIRD = "thunderbird"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What the customer writes. `authenticated` adds the verdict of a relay that checked the sender."""

    sender: str
    recipient: str
    name: str = ""
    subject: str = ""
    text: str = ""
    language: str = "en"
    program: Program = Program.GMAIL
    files: tuple[Media, ...] = ()
    authenticated: bool = False


def compose(letter: Letter, answered: MailText | None) -> tuple[str, bytes]:
    """Write the mail and give its Message-ID and bytes; `answered` is the mail it answers, quoted below."""
    message = EmailMessage(policy=policy.SMTP)
    domain = letter.sender.rpartition("@")[2] or "sandbox.invalid"
    message_id = make_msgid(domain=domain)
    if letter.authenticated:
        message["Authentication-Results"] = (
            f"{AUTHSERV_ID}; spf=pass smtp.mailfrom={letter.sender}; dkim=pass header.d={domain}; "
            f"dmarc=pass header.from={domain}"
        )
    message["From"] = formataddr((letter.name, letter.sender)) if letter.name else letter.sender
    message["To"] = letter.recipient
    message["Subject"] = _subject(letter, answered)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id
    if answered is not None and answered.message_id:
        message["In-Reply-To"] = answered.message_id
        message["References"] = " ".join(dict.fromkeys((*answered.references, answered.message_id)))
    _write_body(message, letter, answered)
    for file in letter.files:
        main_type, _, sub_type = file.media_type.partition("/")
        message.add_attachment(
            file.content, maintype=main_type, subtype=sub_type or "octet-stream", filename=file.filename
        )
    return message_id, message.as_bytes()


def _subject(letter: Letter, answered: MailText | None) -> str:
    if letter.subject or answered is None:
        return " ".join(letter.subject.split())
    subject = " ".join(answered.subject.split())
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _write_body(message: EmailMessage, letter: Letter, answered: MailText | None) -> None:
    if answered is None:
        message.set_content(letter.text + "\n")
    elif letter.program is Program.OUTLOOK:
        message.set_content(f"{letter.text}\n\n{_outlook_block(letter, answered)}\n\n{answered.text}\n")
    else:
        line = _attribution(letter, answered)
        quoted = "\n".join(f"> {row}".rstrip() for row in answered.text.splitlines())
        message.set_content(f"{letter.text}\n\n{line}\n\n{quoted}\n")
    if letter.program is Program.GMAIL:
        message.add_alternative(_gmail_html(letter, answered), subtype="html")


def _attribution(letter: Letter, answered: MailText) -> str:
    is_hebrew = letter.language == "he"
    if letter.program is Program.THUNDERBIRD:
        who, when = answered.from_line, answered.date
        return f"נכתב על ידי {who}, ב־{when}:" if is_hebrew else f"On {when}, {who} wrote:"
    if is_hebrew:
        return f"\u202bבתאריך {answered.date} מאת {answered.from_line}:\u202c"
    return f"On {answered.date} {answered.from_line} wrote:"


def _outlook_block(letter: Letter, answered: MailText) -> str:
    names = ("מאת", "נשלח", "אל", "נושא") if letter.language == "he" else ("From", "Sent", "To", "Subject")
    values = (answered.from_line, answered.date, answered.to_line, answered.subject)
    return "\n".join(["_" * 32, *(f"{name}: {value}" for name, value in zip(names, values, strict=True))])


def _gmail_html(letter: Letter, answered: MailText | None) -> str:
    direction = "rtl" if letter.language == "he" else "ltr"
    html = f'<div dir="{direction}">{_lines(letter.text)}</div>'
    if answered is None:
        return html
    line = escape(_attribution(letter, answered))
    quoted = answered.html or _lines(answered.text)
    style = "margin:0px 0.8ex;border-inline-start:1px solid rgb(204,204,204)"
    return (
        f'{html}<br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="{direction}" class="gmail_attr">{line}<br></div>'
        f'<blockquote class="gmail_quote" style="{style}">{quoted}</blockquote></div>'
    )


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
