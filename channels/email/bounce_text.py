"""Finding failed recipients in bounces that follow no standard.

The notice in plain words above a copy of the mail. Reports in the standard's own form are read by `bounce`.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from channels.email import addresses

_ADDRESS = re.compile(
    r"(?:rfc822;\s*)?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.\"-]{1,64}@[A-Za-z0-9\u0080-\uffff.-]{1,253}[A-Za-z0-9])"
)
_COPY_STARTS = re.compile(
    r"^\W*(?:[-_*=]{2,}\s*)?(?:below (?:this line )?is (?:a copy|the)|below this line|"
    r"original message(?: headers)?(?: follows?)?\s*[-_*=:]|this is a copy of|"
    r"(?:the )?header of the original|"
    r"message headers follow|the original message (?:headers )?(?:was|is|are|follow)?\s*(?:attached|below|"
    r"follow)|unsent message|returned message|undelivered message|your original message|"
    r"start of (?:the )?(?:returned|original)|"
    r"copy of (?:the|your) (?:message|mail)|content of (?:the )?original|original mail|received: (?:from|"
    r"by)|return-path:|הודעה מקורית|message text follows|included (?:is|below))",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"follow(?:ing)? (?:\w+ ){0,3}(?:address|recipient|user|destination)|these (?:address|recipient)|"
    r"(?:not|n't|un|fail|could|error)\w*[^.\n]{0,80}deliver|deliver[^.\n]{0,80}(?:fail|delay|error|not|"
    r"unable|reject)|"
    r"did not reach|recipients? (?:were|was) affected|addressed to|recipient(?:s|"
    r"\(s\))?(?: address(?:es)?)?\s*:|addresses? had|to:? the (?:address|recipient)|returned (?:to|"
    r"because)|rejected (?:by|the)|sent to|deliver (?:the )?(?:mail|message)|"
    r"нижеуказанн|получател|konnte nicht|nicht zugestellt|n'a pas pu|no se (?:pudo|ha podido)|"
    r"non (?:è stato|recapit)|לא נמסר|לא ניתן (?:היה )?למסור|נכשל|הנמענים הבאים|送信|宛先|disabled",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:rcpt to|recipient(?:\(s\)| address)?|address|for|to|user|forward-path|final-recipient|"
    r"original-recipient|x-actual-recipient|envelope-to|mailbox|addressed to)\s*[:=]?\s*(?:rfc822;)?\s*<?$",
    re.IGNORECASE,
)
_FROM_CONTEXT = re.compile(
    r"(?:from|sender|mail from|return-path|reply-to|postmaster|contact|help|support|abuse|"
    r"original sender)\s*[:=]?\s*<?$|https?://\S*$|mailto:$",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"(?<![\w.])[45]\d\d[ \-]|(?<![\w.])[45]\.\d\.\d|unknown|fail|reject|denied|no such|not found|"
    r"does not|disabled|full|error|exceed|invalid|unavailable|refused|expired|locked|unable",
    re.IGNORECASE,
)


class Named(Struct, frozen=True, kw_only=True):
    """A recipient that a notice names, and the lines that say what happened to it."""

    address: str
    diagnostic: str


def split_copy(text: str) -> tuple[str, str]:
    """Part a notice from the copy of the returned mail below it, where both are one text."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if index > 1 and _COPY_STARTS.match(line) and index + 1 < len(lines):
            return "\n".join(lines[:index]), "\n".join(
                lines[index + 1 :] if "-" in line[:3] or ":" not in line[:14] else lines[index:]
            )
    return text, ""


def failed_recipients(notice: str, *, ours: Iterable[str], stated: Sequence[str] = ()) -> tuple[Named, ...]:
    """List the recipients a notice names, each once, with its own diagnostic.

    `ours` are addresses the report was sent to, which a notice mentions but which did not fail; `stated` are
    recipients known from a header field, which need only their diagnostic.
    """
    lines = notice.split("\n")
    strong, weak = _mentions(lines, frozenset(address.lower() for address in ours))
    wanted = {address.lower() for address in stated}
    starts = {index: address for index, address in (strong or weak) if not wanted or address in wanted}
    first: dict[str, int] = {}
    for index, address in sorted(starts.items()):
        first.setdefault(address, index)
    for address in wanted:
        first.setdefault(address, 0)
    ends = [*sorted(first.values()), len(lines)]
    return tuple(
        Named(address=address, diagnostic=_diagnostic(lines, index, ends, alone=len(first) == 1))
        for address, index in first.items()
    )


def _mentions(lines: Sequence[str], ours: frozenset[str]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Lines that name an address: surely a failed recipient, or perhaps one."""
    strong: list[tuple[int, str]] = []
    weak: list[tuple[int, str]] = []
    introduced_until = -1
    for index, line in enumerate(lines):
        if _INTRODUCES.search(line):
            introduced_until = index + 8
        for match in _ADDRESS.finditer(line):
            address = addresses.mailbox(match[1].strip("\"'."))
            before = line[: match.start()]
            if (
                not address
                or address in ours
                or (_FROM_CONTEXT.search(before) and not before.strip().endswith(("<<<", ">>>")))
            ):
                continue
            leads = not before.strip(" \t<\"'[(*-") and (
                line[match.end() :].strip(" >\"'") in {"", ":"}
                or line[match.end() :].lstrip(">\"'").startswith((":", " (", " on ", " :"))
            )
            is_strong = (
                leads or bool(_NAMED.search(before)) or (index <= introduced_until and bool(_INTRODUCES.search(line)))
            )
            if (is_strong and index <= introduced_until) or (
                leads and _FAILURE.search(" ".join(lines[index : index + 4]))
            ):
                strong.append((index, address))
            elif index <= introduced_until or _FAILURE.search(line):
                weak.append((index, address))
    return strong, weak


def _diagnostic(lines: Sequence[str], start: int, ends: Sequence[int], *, alone: bool) -> str:
    if alone:
        return "\n".join(lines)
    end = next((index for index in ends if index > start), len(lines))
    return "\n".join(lines[start:end])
