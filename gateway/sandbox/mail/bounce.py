"""A delivery failure report (RFC 3464) for a mail that the sandbox's world could not deliver after all."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

_HOST = "mx.sandbox.invalid"


def bounce(raw: bytes, recipient: str, sender: str) -> bytes:
    """Write the report on `raw`, which could not be delivered to `recipient`, for its envelope sender."""
    original = message_from_bytes(raw, policy=policy.default)
    report = EmailMessage()
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{_HOST}>"
    report["To"] = sender
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(datetime.now(UTC))
    report["Message-ID"] = make_msgid(domain=_HOST)
    report["Auto-Submitted"] = "auto-replied"
    report["MIME-Version"] = "1.0"
    report["Content-Type"] = 'multipart/report; report-type="delivery-status"'
    explanation = f"Your message could not be delivered to {recipient}: there is no such mailbox.\n"
    status = (
        f"Reporting-MTA: dns; {_HOST}\nArrival-Date: {format_datetime(datetime.now(UTC))}\n\n"
        f"Final-Recipient: rfc822; {recipient}\nOriginal-Recipient: rfc822;{recipient}\nAction: failed\n"
        f"Status: 5.1.1\nRemote-MTA: dns; {_HOST}\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user here\n"
    )
    headers = "".join(f"{name}: {value}\n" for name, value in original.items())
    for kind, text in (("plain", explanation), ("delivery-status", status), ("rfc822-headers", headers)):
        part = EmailMessage()
        part["Content-Type"] = f"{'message' if kind == 'delivery-status' else 'text'}/{kind}; charset=utf-8"
        part["Content-Transfer-Encoding"] = "8bit"
        part.set_payload(text.encode().decode("ascii", "surrogateescape"))
        report.attach(part)
    return report.as_bytes(policy=policy.SMTP)
