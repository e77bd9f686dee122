"""Whether Meta really signed a webhook, and the handshake by which it asks whether the webhook is ours.

Source: Meta's Graph API webhooks, "Validating payloads" and "Verification requests".
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from channels.errors import Forged

_HEADER = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)
_CHALLENGE = re.compile(r"\d{1,128}", re.ASCII)


def is_signed(header: object, body: bytes, secrets: Iterable[bytes]) -> bool:
    """Say whether the header signs these very bytes with one of our app secrets, in a time that does not tell which."""
    if not isinstance(header, str) or _HEADER.fullmatch(header) is None:
        return False
    is_right = False
    for secret in secrets:
        is_right |= hmac.compare_digest("sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(), header)
    return is_right


def answer_challenge(query: Mapping[str, str], verify_token: str) -> str:
    """Give the challenge to echo, when Meta asks with our verify token.

    Raises:
        Forged: the token is not ours or not set, or the challenge is anything but digits.
    """
    given = query.get("hub.verify_token", "").encode("utf-8", "replace")
    is_right = bool(verify_token) and hmac.compare_digest(given, verify_token.encode())
    challenge = query.get("hub.challenge", "")
    if not is_right or query.get("hub.mode") != "subscribe" or _CHALLENGE.fullmatch(challenge) is None:
        raise Forged("this is not WhatsApp asking about our webhook")
    return challenge
