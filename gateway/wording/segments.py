"""How many SMS segments a text takes, exactly as Twilio's own calculator counts (its smart encoding off).

A text is GSM-7 when every character is in that alphabet, else UCS-2. One segment holds 160 GSM-7 or 70 UCS-2 units,
each of several 153 or 67. A character is never cut in two: neither an escaped one, nor a surrogate pair, nor a whole
grapheme cluster. Sources: 3GPP TS 23.038 §6.2.1 (alphabet), TS 23.040 §9.2.3.24 (segments).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.wording.clusters import clusters

_ONE_UNIT = frozenset(
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\n\r"
    "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ"
)
_TWO_UNITS = frozenset("\f[\\]^{|}~€")
_ALPHABET = _ONE_UNIT | _TWO_UNITS
_LAST_SINGLE_UNIT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs: `units` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    encoding: Literal["GSM-7", "UCS-2"]
    segments: int
    units: int


def count(text: str) -> Segments:
    """Count the segments of one SMS; an empty text takes one."""
    if _ALPHABET.issuperset(text):
        sizes = [2 if character in _TWO_UNITS else 1 for character in text]
        return Segments("GSM-7", _packed(sizes, alone=160, linked=153), sum(sizes))
    sizes = [sum(2 if ord(point) > _LAST_SINGLE_UNIT else 1 for point in cluster) for cluster in clusters(text)]
    return Segments("UCS-2", _packed(sizes, alone=70, linked=67), sum(sizes))


def _packed(sizes: Sequence[int], *, alone: int, linked: int) -> int:
    """Count segments as Twilio fills them: greedily, each at least one character, however large that is.

    Only when the text turns out longer than one segment does the first shrink to make room for its header; what no
    longer fits moves to the second, which then also takes the character that did not fit, without being asked again.
    """
    first = _fitting(sizes, alone)
    if first == len(sizes):
        return 1
    kept = first
    while sum(sizes[:kept]) > linked:
        kept -= 1
    segments, used = 2, sum(sizes[kept : first + 1])
    for size in sizes[first + 1 :]:
        if used + size > linked:
            segments, used = segments + 1, 0
        used += size
    return segments


def _fitting(sizes: Sequence[int], room: int) -> int:
    used = 0
    for index, size in enumerate(sizes):
        used += size
        if used > room:
            return index
    return len(sizes)
