"""What the customer wrote now, apart from what the mail quotes and the signature under it. Pure, over lines of text.

The whole text is always kept beside it, so the rule for doubt is to keep: a mail of which nothing would remain is
not folded, words between quotes are the customer's answers, and what was forwarded is what we are meant to read.
"""

import re

from msgspec import Struct

from channels.email.html import ATTRIBUTION, CUT
from channels.email.phrases import DEVICES, FORWARDED, ORIGINAL, REPLY_ABOVE, RUN_ON, SENT_FROM, WROTE, header_kind

_DIRECTION = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]")
_HAS_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}|\d{1,2}[:.]\d{2}|\b(19|20)\d{2}\b|\d{1,2}\s?[月日]")
_HAS_ADDRESS = re.compile(r"<?[^\s<>@]{1,64}@[^\s<>@]{1,190}>?")
_STARTS_ATTRIBUTION = re.compile(
    r"^\W{0,3}(on|at|le|am|el|il|em|op|w dniu|dnia|в|den|på|בתאריך|ביום|ב-|ב־|\d|(mon|tue|wed|"
    r"thu|fri|sat|sun)\w*,?\s)",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"^\s{0,3}(>|&gt;|\|(?=\s))")
_RULE = re.compile(r"^[\s>]*[_\-=*─—]{5,}\s*$")
_SIGNATURE = re.compile(r"^\s{0,2}(--|—|–)\s{0,2}$|^_{2,4}\s*$")
_MAY_END = re.compile(r"(?:[:：>]|wrote\W*|כתבה?\W*)$", re.IGNORECASE)
_MAX_ATTRIBUTION_LINES = 4
_MAX_SIGNATURE_LINES = 15
_MAX_SIGNATURE_CHARACTERS = 1500
_MAX_LINES = 20_000


class Folded(Struct, frozen=True, kw_only=True):
    """A mail's text in its parts: `reply` is the customer's words now, `signature` what stood under them."""

    reply: str
    signature: str = ""
    is_folded: bool = False


def unmarked(text: str) -> str:
    """Give the whole text without the marks of `html.to_text`."""
    lines = [line for line in text.split("\n") if line.strip("> ") != CUT]
    return "\n".join(lines).replace(ATTRIBUTION, "").strip()


class _Lines:
    """The lines of a text: as they are, and `plain`, without direction marks and outer spaces, to judge them by."""

    def __init__(self, text: str) -> None:
        self.raw = text.split("\n")[:_MAX_LINES]
        self.plain = [(line if line.isascii() else _DIRECTION.sub("", line)).strip() for line in self.raw]
        self._next_words = [0] * (len(self.raw) + 1)
        following = len(self.raw)
        for index in range(len(self.raw), -1, -1):
            if index < len(self.raw) and self.plain[index].strip("> "):
                following = index
            self._next_words[index] = following

    def __len__(self) -> int:
        return len(self.raw)

    def is_quote(self, index: int) -> bool:
        """Say whether a line is marked as quoted."""
        return bool(_QUOTE.match(self.plain[index]))

    def has_words_from(self, index: int) -> bool:
        """Say whether anything is written at or below a line."""
        return self._next_words[index] < len(self.raw)

    def has_quote_next(self, index: int) -> bool:
        """Say whether the first words at or below a line are marked as quoted."""
        following = self._next_words[index]
        return following < len(self.raw) and self.is_quote(following)


def fold(text: str) -> Folded:
    """Take the quoted mail and the signature away; keeps everything when nothing of the customer's would remain."""
    kept = _without_quotes(_Lines(text))
    body, signature = _without_signature(kept)
    reply = unmarked("\n".join(body))
    if not reply and signature:
        reply, signature = unmarked("\n".join(kept)), []
    if not reply:
        return Folded(reply=unmarked(text))
    return Folded(reply=_squeeze(reply), signature="\n".join(signature).strip(), is_folded=reply != unmarked(text))


def _squeeze(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text)


def _without_quotes(lines: _Lines) -> list[str]:
    """Walk down the lines: quoted ones go, and at the first sign that the rest is an older mail, so does the rest."""
    kept: list[str] = []
    position = 0
    while position < len(lines):
        plain = lines.plain[position]
        if lines.is_quote(position):
            position += 1
            continue
        if FORWARDED.match(plain):
            return kept + lines.raw[position:]
        if _starts_older_mail(lines, position):
            return _cut_here(kept, lines, position)
        length = _attribution_length(lines, position)
        below = position + length
        names_quote = length > 0 and (lines.has_quote_next(below) or not lines.has_words_from(below))
        if length and not names_quote and _has_words(kept):
            return kept
        if not names_quote:
            kept += lines.raw[position : position + max(length, 1)]
        position += max(length, 1)
    return kept


def _starts_older_mail(lines: _Lines, position: int) -> bool:
    plain = lines.plain[position]
    by_line = plain == CUT or ORIGINAL.match(plain) or RUN_ON.match(plain) or REPLY_ABOVE.search(plain)
    return bool(by_line) or _is_header_block(lines, position)


def _cut_here(kept: list[str], lines: _Lines, position: int) -> list[str]:
    """Drop the rest when the customer wrote above it; with nothing above, who wrote what below cannot be told: keep."""
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1])):
        kept.pop()
    return kept if _has_words(kept) else lines.raw[position:]


def _has_words(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _is_header_block(lines: _Lines, position: int) -> bool:
    """Say whether a header stands here: From with at least two of Date, To and Subject close to each other."""
    if header_kind(lines.plain[position]) not in {"from", "date", "subject"}:
        return False
    kinds: set[str] = set()
    misses = 0
    for plain in lines.plain[position : position + 12]:
        kind = header_kind(plain)
        misses += kind is None
        if misses > 2:  # noqa: PLR2004 - a folded list of recipients and one blank line are allowed for
            break
        kinds |= {kind} if kind else set()
    wanted = kinds - {"copy"}
    is_dated_or_named = "date" in wanted or "subject" in wanted
    return "from" in wanted and is_dated_or_named and len(wanted) >= 3  # noqa: PLR2004 - fewer may be a person's list


def _attribution_length(lines: _Lines, position: int) -> int:
    """Count the lines that the "On … wrote:" which starts here takes, or 0."""
    if ATTRIBUTION in lines.raw[position]:
        marked = [ATTRIBUTION in line for line in lines.raw[position : position + 8]]
        return marked.index(False) if False in marked else len(marked)
    nearby = lines.plain[position : position + _MAX_ATTRIBUTION_LINES]
    if not any(_MAY_END.search(plain) for plain in nearby):
        return 0
    joined = ""
    for count, plain in enumerate(nearby, 1):
        if not plain or (count > 1 and (lines.is_quote(position + count - 1) or not _may_start(nearby[0]))):
            break
        joined = f"{joined} {plain}".strip()
        if _is_attribution(joined, followed_by_quote=lines.has_quote_next(position + count)):
            return count
        if plain.endswith(":"):
            break
    return 0


def _may_start(plain: str) -> bool:
    return bool(_STARTS_ATTRIBUTION.match(plain) or _HAS_DATE.search(plain))


def _is_attribution(line: str, *, followed_by_quote: bool) -> bool:
    """Judge a line by what such lines hold: a date, an address, a verb of writing, a colon at the end.

    A sentence of the customer's may have one or two of them, but not before a quote or with all.
    """
    line = line.lstrip("> ").rstrip()
    has_date, has_address = bool(_HAS_DATE.search(line)), bool(_HAS_ADDRESS.search(line))
    has_verb, has_colon = bool(WROTE.search(line)), line.endswith((":", "："))
    if not has_colon:
        ends_so = line.rstrip("-_ ").endswith(("wrote", "כתב", "כתבה")) or (has_address and line.endswith(">"))
        return has_date and followed_by_quote and ends_so
    if followed_by_quote:
        return has_verb or (has_date and (has_address or bool(_STARTS_ATTRIBUTION.match(line))))
    ends_with_verb = bool(WROTE.search(line[-16:]))
    return (
        has_date
        and (has_address or ends_with_verb)
        and bool(_STARTS_ATTRIBUTION.match(line) or (has_verb and has_address))
    )


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """Split at the signature line `-- ` near the end, or above the lines a phone or program adds at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    lines = lines[:end]
    for index in range(max(0, len(lines) - _MAX_SIGNATURE_LINES), len(lines)):
        rest = lines[index:]
        if _SIGNATURE.match(_DIRECTION.sub("", lines[index])) and sum(map(len, rest)) <= _MAX_SIGNATURE_CHARACTERS:
            return lines[:index], rest
    cut = len(lines)
    while cut and _is_added(lines[cut - 1]):
        cut -= 1
    while cut < len(lines) and lines[cut].strip() and not _stands_apart(lines, cut):
        cut += 1
    if not _has_words(lines[cut:]):
        return lines, []
    if cut and _RULE.match(lines[cut - 1]):
        cut -= 1
    return lines[:cut], lines[cut:]


def _stands_apart(lines: list[str], index: int) -> bool:
    return index == 0 or not lines[index - 1].strip() or bool(_RULE.match(lines[index - 1]))


def _is_added(line: str) -> bool:
    plain = _DIRECTION.sub("", line).strip()
    return not plain or (bool(SENT_FROM.match(plain)) and bool(DEVICES.search(plain)))
