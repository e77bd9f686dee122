"""Taking a raw mail apart: its header fields and its leaves, decoded.

Limits are checked before, in `limits`; nothing here unpacks archives, and nothing raises.
"""

import quopri
import re
from collections.abc import Iterator, Mapping
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32

from msgspec import Struct, field

from channels.email import charset, headers

_CHUNK_BYTES = 65_536
_MAX_DEPTH = 25
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


class Fields(Struct, frozen=True, kw_only=True):
    """The header fields of a mail or part in order: lower-case name and raw value."""

    items: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Every raw value of a field."""
        return [value for key, value in self.items if key == name]

    def text(self, name: str) -> str:
        """Give the first value of a field, decoded for people, or ""."""
        return next((headers.text(value) for key, value in self.items if key == name), "")


class Leaf(Struct, frozen=True, kw_only=True):
    """One part with content: `content` is decoded from its transfer encoding. A returned mail is a leaf too, whole."""

    media_type: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    filename: str = ""
    content_id: str = ""
    is_attachment: bool = False
    alternative: int = 0

    def text(self) -> str:
        """Give the content as text with plain line ends, flowed lines (RFC 3676) joined."""
        text = headers.clean(charset.decode(self.content, self.parameters.get("charset", "")).replace("\r\n", "\n"))
        text = text.replace("\r", "\n")
        is_flowed = self.media_type == "text/plain" and self.parameters.get("format", "").lower() == "flowed"
        return _unflow(text, delete_space=self.parameters.get("delsp", "").lower() == "yes") if is_flowed else text


class Mail(Struct, frozen=True, kw_only=True):
    """A mail taken apart. `report_type` is that of the first multipart/report in it (RFC 6522)."""

    fields: Fields
    leaves: tuple[Leaf, ...]
    report_type: str = ""

    def first(self, media_type: str) -> Leaf | None:
        """Give the first leaf of a type."""
        return next((leaf for leaf in self.leaves if leaf.media_type == media_type), None)


def read(raw: bytes) -> Mail:
    """Take a raw RFC 5322 message apart, best effort."""
    parser = BytesFeedParser(policy=compat32)
    for start in range(0, len(raw), _CHUNK_BYTES):
        parser.feed(raw[start : start + _CHUNK_BYTES])
    message = parser.close()
    reports = [found for found in _report_types(message, 0) if found]
    return Mail(
        fields=_fields(message), leaves=tuple(_leaves(message, 0, 0)), report_type=reports[0] if reports else ""
    )


def fields_of(raw: bytes) -> Fields:
    """Read only the header fields of a raw message or of a block of header lines."""
    end = re.search(rb"\r?\n\r?\n", raw)
    return read(raw[: end.start()] + b"\n\n" if end else raw + b"\n\n").fields


def _fields(message: Message) -> Fields:
    return Fields(items=tuple((name.lower(), str(value)) for name, value in message.raw_items()))


def _report_types(message: Message, depth: int) -> Iterator[str]:
    media_type, parameters = headers.parameters(_value(message, "content-type"))
    if media_type == "multipart/report":
        yield parameters.get("report-type", "").lower()
    if media_type.startswith("multipart/") and message.is_multipart() and depth < _MAX_DEPTH:
        for part in _parts(message):
            yield from _report_types(part, depth + 1)


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _value(message: Message, name: str) -> str:
    return next((str(value) for key, value in message.raw_items() if key.lower() == name), "")


def _leaves(message: Message, depth: int, alternative: int) -> Iterator[Leaf]:
    media_type, parameters = headers.parameters(_value(message, "content-type"))
    if media_type.startswith("multipart/") and message.is_multipart() and depth < _MAX_DEPTH:
        group = id(message) if media_type == "multipart/alternative" else alternative
        for part in _parts(message):
            yield from _leaves(part, depth + 1, group)
        return
    yield _leaf(message, media_type or "text/plain", parameters, alternative)


def _leaf(message: Message, media_type: str, parameters: Mapping[str, str], alternative: int) -> Leaf:
    disposition, more = headers.parameters(_value(message, "content-disposition"))
    filename = headers.one_line(more.get("filename") or parameters.get("name") or "")[:255]
    if media_type.startswith("multipart/"):
        media_type = "text/plain"
    return Leaf(
        media_type=media_type if "/" in media_type else "text/plain",
        parameters=parameters,
        content=_content(message),
        filename=filename,
        content_id=headers.clean(headers.unfold(_value(message, "content-id"))).strip("<> "),
        is_attachment=disposition == "attachment" or media_type in _SMIME or bool(filename),
        alternative=alternative,
    )


def _content(message: Message) -> bytes:
    """Give the bytes of a leaf.

    The library parses message/* parts into mails; those are written out again as they came.
    """
    raw = _encoded(message)
    encoding = headers.unfold(_value(message, "content-transfer-encoding")).lower().strip('"; ')
    if message.is_multipart() or encoding not in {"base64", "quoted-printable"}:
        return raw
    return headers.base64_bytes(raw) if encoding == "base64" else quopri.decodestring(raw)


def _encoded(message: Message) -> bytes:
    """Give the body of a part as it stood in the mail, still in its transfer encoding."""
    payload = vars(message)["_payload"]  # get_payload() would replace every byte that does not fit the charset label
    if isinstance(payload, str):
        return payload.encode("utf-8", "surrogateescape")
    if message.get_content_maintype() == "multipart":
        return _bodies(message)
    return b"\n".join(map(_written, _parts(message)))


def _written(message: Message) -> bytes:
    head = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    return (head + "\n").encode("utf-8", "surrogateescape") + _encoded(message)


def _bodies(message: Message) -> bytes:
    boundary = headers.parameters(_value(message, "content-type"))[1].get("boundary", "")
    line = f"--{boundary}".encode("utf-8", "surrogateescape")
    return b"".join(line + b"\n" + _written(part) + b"\n" for part in _parts(message)) + line + b"--\n"


def _unflow(text: str, *, delete_space: bool) -> str:
    """Join lines that end in a space with the next of the same quote depth (RFC 3676); `-- ` stays a line."""
    joined: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ") if depth or line.startswith(" ") else line
        if open_depth == depth and content != "-- " and joined:
            joined[-1] += content
        else:
            joined.append(">" * depth + (" " if depth else "") + content)
        is_open = content.endswith(" ") and content != "-- "
        if is_open and delete_space:
            joined[-1] = joined[-1][:-1]
        open_depth = depth if is_open else -1
    return "\n".join(joined)
