"""Reading JSON that may have any shape at all: what is not as expected is empty, and nothing here raises."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson

from channels.cleaning import displayable

Shape = Mapping[str, object]

_FIRST_MILLISECONDS = 10**11
_LATEST_SECONDS = 253_402_300_799
_SHA256_BYTES = 32
_DEEPEST = 100
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{}\]]', re.DOTALL)


def loads(body: bytes) -> object:
    """Read JSON, also with half surrogate pairs in it; None when it is no JSON, its text when it is nested absurdly."""
    if body.count(b"{") + body.count(b"[") > _DEEPEST and _depth(body) > _DEEPEST:
        return body.decode("utf-8", "replace")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(body):
        depth += 1 if token[0] in b"{[" else -1 if token[0] in b"}]" else 0
        deepest = max(deepest, depth)
    return deepest


def record(value: object) -> Shape:
    """Give the JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[object]:
    """Give the JSON array, or an empty one."""
    return value if isinstance(value, list) else []


def records(value: object) -> Sequence[Shape]:
    """Give the objects of a JSON array, leaving out what is none."""
    return [each for each in items(value) if isinstance(each, dict)]


def text(value: object) -> str:
    """Give the string, fit to show; a number as its digits, anything else as nothing."""
    if isinstance(value, str):
        return displayable(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def moment(value: object) -> datetime | None:
    """Read a Unix time in seconds, or in milliseconds as seen in the wild; None when it is neither."""
    digits = text(value)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(_LATEST_SECONDS)) + 3:
        return None
    number = int(digits)
    seconds = number / 1000 if number >= _FIRST_MILLISECONDS else number
    return datetime.fromtimestamp(seconds, UTC) if seconds <= _LATEST_SECONDS else None


def sha256_hex(value: object) -> str | None:
    """Read a SHA-256 in hexadecimal or, as webhooks have it, in base64; None when it is neither."""
    written = text(value)
    try:
        digest = (
            bytes.fromhex(written) if len(written) == _SHA256_BYTES * 2 else base64.b64decode(written, validate=True)
        )
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == _SHA256_BYTES else None


def fingerprint(value: object) -> str:
    """Name a piece of payload that has no id of its own, the same each time it is sent."""
    whole = json.dumps(value, sort_keys=True, default=str)
    return f"unknown:{hashlib.sha256(whole.encode()).hexdigest()[:32]}"
