"""A delivery failure report (RFC 3464) for a mail that the sandbox's world could not deliver after all."""

import secrets
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid

_HOST = "mx.sandbox.invalid"


def bounce(raw: bytes, recipient: str, sender: str) -> bytes:
    """Write the report on `raw`, which could not be delivered to `recipient`, for its envelope sender."""
    boundary, now = secrets.token_hex(12), format_datetime(datetime.now(UTC))
    head = (
        f"From: Mail Delivery System <MAILER-DAEMON@{_HOST}>",
        f"To: {sender}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {now}",
        f"Message-ID: {make_msgid(domain=_HOST)}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
    )
    explanation = (
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"Your message could not be delivered to {recipient}: there is no such mailbox.",
    )
    status = (
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {_HOST}",
        f"Arrival-Date: {now}",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Original-Recipient: rfc822; {recipient}",
        "Action: failed",
        "Status: 5.1.1",
        f"Remote-MTA: dns; {_HOST}",
        "Diagnostic-Code: smtp; 550 5.1.1 No such user here",
        "",
    )
    original = ("Content-Type: text/rfc822-headers", "", raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace"))
    parts = (head, *(("", f"--{boundary}", *part) for part in (explanation, status, original)), (f"--{boundary}--", ""))
    return "\r\n".join(line for part in parts for line in part).encode()
