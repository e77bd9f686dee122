"""Whether Twilio really signed a webhook. HMAC-SHA1 with our auth token is pinned: no request chooses the algorithm.

Written here and not taken from the twilio package, whose validator raises on missing headers and on bytes, leaves JSON
bodies unchecked when given as a dict, and fails for IPv6 hosts.
Source: twilio.com/docs/usage/webhooks/webhooks-security.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from channels.twilio.form import Pairs

_DEFAULT_PORTS = {"https": 443, "http": 80}


def origins(public_url: str) -> tuple[str, ...]:
    """Give the scheme and host under which Twilio may have called us: as configured, without and with the port.

    Twilio signs sometimes with and sometimes without it.
    """
    parts = urlsplit(public_url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    forms = (f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{host}", f"{parts.scheme}://{host}:{port}")
    return tuple(dict.fromkeys(forms))


def signed_text(pairs: Pairs) -> bytes:
    """Write the fields as they are signed: sorted names, each with its value; a repeated name once for each value."""
    names = dict(pairs)
    if len(names) == len(pairs):
        text = "".join([name + names[name] for name in sorted(names)])
    else:
        text = "".join([name + value for name, value in sorted(set(pairs))])
    return text.encode("utf-8", "surrogateescape")


def is_signed(header: str, urls: Iterable[str], tail: bytes, tokens: Iterable[bytes]) -> bool:
    """Say whether the header signs one of these URLs with one of these tokens, without telling by its time which."""
    given = header.encode("utf-8", "replace")
    texts = [url.encode("utf-8", "surrogateescape") + tail for url in urls]
    is_right = False
    for token in tokens:
        for text in texts:
            is_right |= hmac.compare_digest(b64encode(hmac.digest(token, text, "sha1")), given)
    return is_right


def body_matches(target: str, body: bytes) -> bool:
    """Say whether the URL's bodySHA256 is that of the raw body; it is how Twilio signs what is not a form."""
    _, _, query = target.partition("?")
    hashes = parse_qs(query).get("bodySHA256", [])
    if len(hashes) != 1:
        return False
    given = hashes[0].lower().encode("utf-8", "replace")
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), given)
