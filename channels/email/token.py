"""The signed part of a reply address: which conversation an answer belongs to, so that nobody can write into another's.

A token is 48 bits of conversation id, 16 bits of expiry day and 128 bits of HMAC-SHA256 over both and the mailbox, in
lower-case base32 (mail systems change the case of addresses).
"""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_LIFE_DAYS = 400
_SIGNATURE_BYTES = 16
_PAYLOAD_BYTES = 8
TOKEN_CHARACTERS = 39
_TOKEN = re.compile(rf"^[a-z2-7]{{{TOKEN_CHARACTERS}}}$")


def sign(conversation_id: int, *, mailbox: str, now: datetime, secret: str) -> str:
    """Make the token that binds an answer to a conversation and a mailbox of ours for about 400 days.

    Raises:
        OverflowError: the conversation id is negative or above 2**48.
    """
    expires = (now - _EPOCH).days + _LIFE_DAYS
    payload = conversation_id.to_bytes(6, "big") + expires.to_bytes(2, "big")
    return _encode(payload + _signature(payload, mailbox, secret))


def read(token: str, *, mailbox: str, now: datetime, secret: str) -> int | None:
    """Give the conversation id of a token that is ours, for this mailbox and not expired; None for any other."""
    token = token.lower()
    if not secret or not _TOKEN.match(token):
        return None
    try:
        content = base64.b32decode(token.upper() + "=")
    except (binascii.Error, ValueError):
        return None
    payload = content[:_PAYLOAD_BYTES]
    expected = _encode(payload + _signature(payload, mailbox, secret))
    if not hmac.compare_digest(token, expected):
        return None
    expires_at = _EPOCH + timedelta(days=int.from_bytes(payload[6:], "big"))
    return int.from_bytes(payload[:6], "big") if now < expires_at else None


def reply_address(conversation_id: int, *, mailbox: str, domain: str, now: datetime, secret: str) -> str:
    """Write the address that answers in this conversation go to: `support+TOKEN@domain`."""
    token = sign(conversation_id, mailbox=mailbox, now=now, secret=secret)
    return f"{mailbox.partition('@')[0]}+{token}@{domain or mailbox.partition('@')[2]}"


def _signature(payload: bytes, mailbox: str, secret: str) -> bytes:
    content = b"reply address\0" + mailbox.lower().encode() + b"\0" + payload
    return hmac.digest(secret.encode(), content, hashlib.sha256)[:_SIGNATURE_BYTES]


def _encode(content: bytes) -> str:
    return base64.b32encode(content).decode("ascii").rstrip("=").lower()
