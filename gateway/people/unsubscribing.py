"""One-click unsubscribing (RFC 8058): links in notices that stop what nobody asked for, to that one address."""

import base64
import binascii
import hashlib
import hmac

from gateway.domain.consent import UNASKED, ConsentChange, ConsentState
from gateway.people.store import consent
from gateway.people.store.consent import ConsentEntry
from gateway.store.db import Pool

_MAC_BYTES = 16


def sign(secret: str, address_id: int) -> str:
    """Make the token of an address's unsubscribe link; it never expires, since old mails must keep working."""
    subject = address_id.to_bytes(8, "big")
    return base64.urlsafe_b64encode(subject + _mac(secret, subject)).rstrip(b"=").decode()


def read(secret: str, token: str) -> int | None:
    """Give the address a token speaks for, or None when it is not one of ours."""
    try:
        blob = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    subject, mac = blob[:8], blob[8:]
    return int.from_bytes(subject, "big") if hmac.compare_digest(mac, _mac(secret, subject)) else None


async def unsubscribe(pool: Pool, address_id: int, *, how: str) -> None:
    """Stop notices, surveys and marketing to an address; doing it again changes nothing that matters."""
    entries = [
        ConsentEntry(
            address_id=address_id,
            change=ConsentChange(state=ConsentState.OPTED_OUT, purpose=purpose, how=how),
        )
        for purpose in UNASKED
    ]
    async with pool.acquire() as connection, connection.transaction():
        for entry in entries:
            await consent.change_consent(connection, [entry])


def _mac(secret: str, subject: bytes) -> bytes:
    return hmac.new(secret.encode(), b"unsubscribe" + subject, hashlib.sha256).digest()[:_MAC_BYTES]
