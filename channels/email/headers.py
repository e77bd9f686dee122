"""Reading header values: encoded words (RFC 2047), parameters (RFC 2045, 2231), message ids and dates.

Linear in the length of the value, whatever it holds; addresses are read in `addresses`.
"""

import base64
import binascii
import quopri
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from channels.email import charset

_ENCODED = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_FOLD = re.compile(r"\r?\n[ \t]?|\r")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
_BARE_MESSAGE_ID = re.compile(r"[^<>\s,;]{1,900}@[^<>\s,;]{1,250}")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,80})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_CONTINUED = re.compile(r"^(.+?)\*(\d{1,3})?(\*)?$")
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_ONLY_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_MAX_PIECES = 1000
MAX_IDS = 50


def unfold(value: str) -> str:
    """Join a folded header value into one line, keeping the space that folding left."""
    if "\n" in value or "\r" in value:
        value = _FOLD.sub(lambda match: " " if match[0][-1] in " \t" else "", value)
    return value.strip()


def text(value: str) -> str:
    """Decode a header value for people: encoded words, raw 8-bit bytes, folds; control characters are dropped.

    `value` holds undecodable bytes as surrogates, as the standard library's parser leaves them.
    """
    return clean("".join(_words(_raw_text(unfold(value))))).strip()


def clean(value: str) -> str:
    """Drop what no database or screen takes: NUL and other control characters, lone surrogates.

    Compose letters (NFC).
    """
    value = _CONTROL.sub("", value)
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode("utf-8")
        value = unicodedata.normalize("NFC", value)
    return value


def one_line(value: str) -> str:
    """Decode a header value and drop direction marks and invisible letters, for names and file names."""
    return _INVISIBLE.sub("", text(value)).replace("\n", " ").replace("\r", " ").replace("\t", " ").strip()


def _raw_text(value: str) -> str:
    if value.isascii():
        return value
    return charset.decode(value.encode("utf-8", "surrogateescape"), "")


def _words(value: str) -> Iterator[str]:
    """Yield plain stretches and decoded words.

    Neighbouring words of one charset are joined as bytes before decoding, since mailers cut letters in half
    between them.
    """
    pending, pending_charset, position = b"", "", 0
    for match in _ENCODED.finditer(value):
        between = value[position : match.start()]
        label = match[1].split("*")[0].lower()
        content = _word_bytes(match[2], match[3])
        if pending and (between.strip() or label != pending_charset):
            yield charset.decode(pending, pending_charset)
            pending = b""
        if between.strip() or position == 0:
            yield between
        pending, pending_charset, position = pending + content, label, match.end()
    if pending:
        yield charset.decode(pending, pending_charset)
    yield value[position:]


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(raw.replace(b"_", b" "), header=False)
    return base64_bytes(raw)


def base64_bytes(content: bytes) -> bytes:
    """Decode base64 that may be damaged.

    Foreign characters are skipped, padding is repaired, a torn end is dropped, pieces that were encoded apart are
    joined; a footer that a list put below is left out.
    """
    pieces: list[bytes] = []
    while content and len(pieces) < _MAX_PIECES:
        piece, _, rest = content.partition(b"=")
        pieces.append(_base64_piece(piece))
        content = rest.lstrip(b"= \t\r\n")
        if not _ONLY_BASE64.fullmatch(content):
            break
    return b"".join(pieces)


def _base64_piece(content: bytes) -> bytes:
    kept = _NOT_BASE64.sub(b"", content)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except (binascii.Error, ValueError):
        return b""


@lru_cache(maxsize=64)  # the same field is asked about several times while its mail is read
def parameters(value: str) -> tuple[str, Mapping[str, str]]:
    """Split `text/plain; charset=utf-8` into its lower-case token and parameters, with RFC 2231 pieces put together."""
    value = unfold(value)
    token = value.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(value):
        name = match[1].lower()
        content = match[2] if match[2] is not None else match[3].strip()
        if match[2] is not None and "\\" in content:
            content = re.sub(r"\\(.)", r"\1", content)
        continued = _CONTINUED.match(name)
        if continued:
            pieces.setdefault(continued[1], {})[int(continued[2] or 0)] = (
                continued[3] is not None or not continued[2],
                content,
            )
        else:
            plain.setdefault(name, content)
    return token, plain | {name: _assemble(parts) for name, parts in pieces.items()}


def _assemble(parts: dict[int, tuple[bool, str]]) -> str:
    label, content = "", b""
    for index in sorted(parts):
        is_encoded, piece = parts[index]
        if is_encoded and index == 0 and piece.count("'") >= 2:  # noqa: PLR2004 - charset'language'value
            label, _, piece = piece.split("'", 2)
        content += unquote_to_bytes(piece) if is_encoded else piece.encode("utf-8", "surrogateescape")
    return charset.decode(content, label)


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """List the message ids in header values, without their angle brackets, each once, in order."""
    found: list[str] = []
    for value in values:
        line = clean(unfold(value))
        found += _MESSAGE_ID.findall(line) or _BARE_MESSAGE_ID.findall(line)
    return tuple(dict.fromkeys(found))


def sent_at(value: str) -> datetime | None:
    """Read a Date header as aware UTC, or None when it says nothing usable."""
    try:
        moment = parsedate_to_datetime(text(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
