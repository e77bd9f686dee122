"""Looking over a raw mail, byte by byte and in linear time, before any parser sees it: how large, how deep, how many.

Python's mail parser can be made to work for minutes by a header of 140 KB or to overflow its stack by nesting; what
breaks a limit here is never given to it.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"^([!-9;-~]{1,80})[ \t]*:((?:[^\n]|\n[ \t])*)", re.MULTILINE)
_MULTIPART = re.compile(
    rb"^\s*multipart/[^\x00]*?\bboundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE
)
_DASHES = re.compile(rb"^--([^\r\n]*)\r?$\n?", re.MULTILINE)
_MESSAGE = re.compile(rb"^\s*message/", re.IGNORECASE)
_FILE = re.compile(rb"^\s*attachment|\b(?:file)?name\*?(?:0\*?)?\s*=", re.IGNORECASE)
# Only fields that are interpreted are held to the small limit: mail systems add honest ones of 10 KB.
_INTERPRETED = re.compile(
    rb"^(content-.*|from|sender|reply-to|subject|date|message-id|mime-version|list-.*|auto-submitted|precedence)$",
    re.IGNORECASE,
)


class MimeLimits(Struct, frozen=True, kw_only=True):
    """How much of everything a mail may hold and still be parsed."""

    message_bytes: int = 25 * 1024 * 1024
    header_block_bytes: int = 64 * 1024
    header_bytes: int = 8 * 1024
    parts: int = 200
    depth: int = 20
    attachments: int = 50
    received: int = 100


STANDARD = MimeLimits()


class TooMuch(Exception):
    """A mail that breaks a limit; the message says which."""


def breach(raw: bytes, limits: MimeLimits = STANDARD) -> str | None:
    """Say in words which limit a raw mail breaks, or None when it may be parsed."""
    if len(raw) > limits.message_bytes:
        return f"larger than {limits.message_bytes} bytes"
    try:
        counts = {"parts": 0, "attachments": 0, "received": 0}
        for found in _walk(raw, 0, limits):
            for name, number in found.items():
                counts[name] += number
            for name, number in counts.items():
                if number > getattr(limits, name):
                    return f"more than {getattr(limits, name)} {name}"
    except TooMuch as error:
        return str(error)
    return None


def _walk(entity: bytes, depth: int, limits: MimeLimits) -> Iterator[dict[str, int]]:
    """Yield what each entity adds to the counts, outermost first."""
    if depth > limits.depth:
        raise TooMuch(f"nested deeper than {limits.depth}")
    blank = _BLANK_LINE.search(entity)
    # A part may begin with the blank line itself: it then has no header at all.
    head_end = 0 if entity[:2] in {b"\r\n", b"\n"} or entity[:1] == b"\n" else blank.start() if blank else len(entity)
    if head_end > limits.header_block_bytes:
        raise TooMuch(f"a header block of more than {limits.header_block_bytes} bytes")
    content_type, found = _read_head(entity[:head_end], limits)
    yield found
    body = entity[blank.end() :] if blank and head_end else entity[head_end:]
    boundary = _MULTIPART.match(content_type)
    if boundary:
        for part in _parts(body, (boundary[1] or boundary[2]).rstrip(b" \t")):
            yield from _walk(part, depth + 1, limits)
    elif _MESSAGE.match(content_type):
        yield from _walk(body, depth + 1, limits)


def _read_head(head: bytes, limits: MimeLimits) -> tuple[bytes, dict[str, int]]:
    content_type, is_file, received = b"", False, 0
    for name, value in _HEADER.findall(head):
        if len(value) > limits.header_bytes and _INTERPRETED.match(name):
            raise TooMuch(f"a header field of more than {limits.header_bytes} bytes")
        lower = name.lower()
        if lower == b"content-type":
            content_type = content_type or value
        received += lower == b"received"
        is_file = is_file or (lower in {b"content-disposition", b"content-type"} and bool(_FILE.search(value)))
    return content_type, {"parts": 1, "attachments": int(is_file), "received": received}


def _parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    # One pattern for all boundaries: every mail has its own, and compiling costs more than all the rest here.
    last = boundary + b"--"
    start: int | None = None
    for match in _DASHES.finditer(body):
        line = match[1].rstrip(b" \t")
        if line not in (boundary, last):
            continue
        if start is not None:
            yield body[start : match.start()]
        if line == last:
            return
        start = match.end()
    if start is not None:
        yield body[start:]
