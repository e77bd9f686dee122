"""Cutting a long text into messages a channel takes: at paragraphs, sentences, words, never inside a character."""

import regex

_CLUSTER = regex.compile(r"\X")
# Where a cut reads best, best first; each match ends where the next piece begins.
_CUTS = (
    regex.compile(r"\n\s*\n\s*"),
    regex.compile(r"(?:[.!?…。؟]+[\"'”’״)\]]*\s+|\n+)"),
    regex.compile(r"\s+"),
)
# A cut is taken at a paragraph or sentence only when the piece is then at least this share of the limit.
_SHORTEST_SHARE = 0.5


def split(text: str, limit: int) -> tuple[str, ...]:
    """Cut a text into pieces of at most `limit` characters each (code points), without the white space at the cuts.

    A text that fits stays as it is. A single visible character longer than the limit is cut, since nothing else helps.
    """
    pieces = []
    rest = text
    while len(rest) > limit:
        piece, rest = _cut(rest, limit)
        if piece:
            pieces.append(piece)
    return (*pieces, rest) if rest or not pieces else tuple(pieces)


def _cut(text: str, limit: int) -> tuple[str, str]:
    for rank, pattern in enumerate(_CUTS):
        is_last = rank == len(_CUTS) - 1
        shortest = 1 if is_last else int(limit * _SHORTEST_SHARE)
        # One character more than fits is looked at, so that white space right behind the limit counts.
        ends = [found for found in pattern.finditer(text, 0, limit + 1) if _kept(found, limit) >= shortest]
        if ends:
            best = ends[-1]
            return text[: _kept(best, limit)].rstrip(), text[best.end() :].lstrip()
    at = _cluster_edge(text, limit)
    return text[:at], text[at:]


def _kept(found: regex.Match[str], limit: int) -> int:
    """Say how much of the text a cut here keeps in the piece: up to the white space; 0 when that is more than fits."""
    end = found.start() + len(found[0].rstrip())
    return end if end <= limit else 0


def _cluster_edge(text: str, limit: int) -> int:
    edge = 0
    for found in _CLUSTER.finditer(text):
        if found.end() > limit:
            break
        edge = found.end()
    return edge or limit
