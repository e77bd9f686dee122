"""Twilio's own shapes: sids, dates, the signature, and the JSON of a message resource."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime

from gateway.sandbox.message import TwilioMessage

API_VERSION = "2010-04-01"


def new_sid(prefix: str) -> str:
    """Make a sid: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def derived_sid(prefix: str, text: str) -> str:
    """Make the sid that always belongs to this text, such as a number's."""
    return prefix + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def media_sid(token: str) -> str:
    """Give the media sid of a kept file: its token, padded to 32 digits."""
    return f"ME{token:0>32}"


def media_token(sid: str) -> str:
    """Give the token in a media sid."""
    return sid.removeprefix("ME").lstrip("0")


def now() -> datetime:
    """Tell the time as Twilio keeps it: UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def sign(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """Compute X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and the sorted form (Twilio, "Security")."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def resource(message: TwilioMessage, account_sid: str) -> dict[str, object]:
    """Show a message as the REST API does."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.message_id}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": format_datetime(message.at),
        "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
        "date_updated": format_datetime(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error or None,
        "from": message.from_address if message.status != "accepted" else None,
        "messaging_service_sid": message.service_sid or None,
        "num_media": str(len(message.files)),
        "num_segments": str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.message_id,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "tags": None,
        "to": message.to_address,
        "uri": f"{uri}.json",
    }
