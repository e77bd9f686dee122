"""Who a mail says it is from, read strictly: exactly one From with exactly one address, or nobody.

Lenient searching for addresses in bounces is in `bounce_text`.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from channels.email import headers

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LABEL = r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9_\u0080-\U0010ffff-]{0,61}[A-Za-z0-9\u0080-\U0010ffff])?"
_MAILBOX = re.compile(rf"^({_LOCAL}(?:\.{_LOCAL})*)@({_LABEL}(?:\.{_LABEL})+)\.?$")
_MAX_LOCAL = 64
_MAX_ADDRESS = 254
_MAX_COMMENT_DEPTH = 5


class Mailbox(Struct, frozen=True, kw_only=True):
    """One mailbox: its address in lower case, a domain outside ASCII in its xn-- form, and the display name."""

    address: str
    name: str = ""


def mailbox(text: str) -> str | None:
    """Normalise a bare `local@domain`, or None when it is anything else.

    No quoted parts, routes or address literals.
    """
    match = _MAILBOX.match(text.strip())
    if not match or len(match[1]) > _MAX_LOCAL or len(text) > _MAX_ADDRESS:
        return None
    try:
        domain = match[2].lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return f"{match[1]}@{domain}".lower()


def only_sender(from_values: Sequence[str]) -> Mailbox | None:
    """Name the one sender of a mail, or None when there are no or several From headers or addresses.

    Or when the header can be read in two ways (CVE-2023-27043).
    """
    if len(from_values) != 1:
        return None
    return single(headers.unfold(from_values[0]))


def single(value: str) -> Mailbox | None:
    """Read `name <address>`, `address` or `address (name)`; None when anything is left over or ambiguous."""
    pieces = _split(value)
    if pieces is None:
        return None
    words, angle, comments = pieces
    if angle is None:
        address = mailbox("".join(words)) if len(words) == 1 else None
        name = comments[0] if comments else ""
    else:
        address = mailbox(angle)
        name = " ".join(words) or (comments[0] if comments else "")
    return Mailbox(address=address, name=headers.one_line(name)[:200]) if address else None


def _split(value: str) -> tuple[list[str], str | None, list[str]] | None:
    """Take a value apart into words, the one `<…>` and comments; None at the first thing that does not belong."""
    words: list[str] = []
    comments: list[str] = []
    angle: str | None = None
    position = 0
    while position < len(value):
        character = value[position]
        if character in " \t":
            position += 1
            continue
        if angle is not None and character != "(":
            return None
        end = _END[character](value, position) if character in _END else _word_end(value, position)
        if end is None:
            return None
        piece = value[position + 1 : end - 1]
        if character == "(":
            comments.append(piece)
        elif character == "<":
            angle = piece
        elif character == '"':
            words.append(re.sub(r"\\(.)", r"\1", piece))
        else:
            words.append(value[position:end])
        position = end
    return words, angle, comments


def _comment_end(value: str, start: int) -> int | None:
    depth, position = 0, start
    while position < len(value):
        if value[position] == "\\":
            position += 1
        elif value[position] == "(":
            depth += 1
        elif value[position] == ")":
            depth -= 1
            if depth == 0:
                return position + 1
        if depth > _MAX_COMMENT_DEPTH:
            return None
        position += 1
    return None


def _quote_end(value: str, start: int) -> int | None:
    match = re.compile(r'"(?:[^"\\]|\\.)*"').match(value, start)
    return match.end() if match else None


def _angle_end(value: str, start: int) -> int | None:
    end = value.find(">", start)
    return end + 1 if end > 0 and value.find("<", start + 1, end) < 0 else None


def _word_end(value: str, start: int) -> int | None:
    """End of a run of ordinary characters.

    The specials of RFC 5322 that would make a list, a group or a route are refused.
    """
    match = re.compile(r'[^\s()<>",;:\\\[\]]+').match(value, start)
    return match.end() if match else None


_END = {"(": _comment_end, '"': _quote_end, "<": _angle_end}
