"""Reads what the JSON API is sent: each field checked here, so that the handlers can trust it."""

import base64
import binascii
import re
from collections.abc import Mapping

import orjson
from aiohttp import web

from gateway.sandbox.media import Media, MediaStore
from gateway.sandbox.message import File

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_MAILBOX = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_SPACING = re.compile(r"[\s()\-\u2066-\u2069\u200e\u200f]")
_LARGEST_FILE = 6 * 1024 * 1024
_MOST_FILES = 10


class BadBody(Exception):
    """The request cannot be understood; says why."""


async def read_body(request: web.Request) -> dict[str, object]:
    """Read a JSON object. Only `application/json` is taken, which no foreign page can send unasked.

    Raises:
        BadBody: it is something else.
    """
    if request.content_type != "application/json":
        raise BadBody("send application/json")
    try:
        data = orjson.loads(await request.read() or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadBody(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadBody("send a JSON object")
    return data


def text(data: Mapping[str, object], name: str, default: str = "") -> str:
    """Give the text under a name.

    Raises:
        BadBody: it is not text.
    """
    value = data.get(name, default)
    if not isinstance(value, str):
        raise BadBody(f"{name} must be text")
    return value


def flag(data: Mapping[str, object], name: str) -> bool:
    """Give the truth under a name, false when missing."""
    return data.get(name) is True


def phone(data: Mapping[str, object], *, or_user_id: bool = False) -> str:
    """Give the phone in `from`, as +digits; with `or_user_id` a WhatsApp user id will do.

    Raises:
        BadBody: it is neither.
    """
    value = text(data, "from").strip()
    if or_user_id and _USER_ID.fullmatch(value):
        return value
    number = _SPACING.sub("", value)
    if not _PHONE.fullmatch(number):
        raise BadBody("from must be a phone number such as +972501234567")
    return number


def mailbox(data: Mapping[str, object], name: str) -> str:
    """Give the mailbox under a name.

    Raises:
        BadBody: it is none.
    """
    value = text(data, name).strip()
    if not _MAILBOX.fullmatch(value):
        raise BadBody(f"{name} must be a mailbox such as dana@example.com")
    return value


def part(data: Mapping[str, object], name: str) -> dict[str, object]:
    """Give the object under a name, empty when missing.

    Raises:
        BadBody: it is something else.
    """
    value = data.get(name) or {}
    if not isinstance(value, dict):
        raise BadBody(f"{name} must be an object")
    return value


def media(data: Mapping[str, object]) -> tuple[Media, ...]:
    """Give the files under `files`: objects of filename, media_type and base64.

    Raises:
        BadBody: they are something else, too many or too large.
    """
    listed = data.get("files") or []
    if not isinstance(listed, list) or len(listed) > _MOST_FILES:
        raise BadBody(f"files must be a list of at most {_MOST_FILES}")
    return tuple(_media(item) for item in listed)


def keep(store: MediaStore, kept: Media) -> File:
    """Put a file into the store and describe it."""
    token = store.put(kept)
    return File(filename=kept.filename, media_type=kept.media_type, token=token, size_bytes=len(kept.content))


def _media(item: object) -> Media:
    if not isinstance(item, dict):
        raise BadBody("a file must be an object")
    try:
        content = base64.b64decode(text(item, "base64"), validate=True)
    except binascii.Error:
        raise BadBody("a file's base64 cannot be read") from None
    if len(content) > _LARGEST_FILE:
        raise BadBody(f"a file may have at most {_LARGEST_FILE} bytes")
    media_type = text(item, "media_type") or "application/octet-stream"
    return Media(content=content, media_type=media_type, filename=text(item, "filename") or "file")
