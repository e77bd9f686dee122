"""Words as routing compares them: one plain form for every script, and tables of phrases found in it.

Stems, prefixes and everything that guesses at meaning live in `routing.hebrew` and `routing.knowledge`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

ROUTED_CHARACTERS = 2000
"""How much of a message is read to route it: what a customer wants stands first, and a megabyte must not cost."""

_DELETED = (
    *range(0x0591, 0x05BE),  # Hebrew cantillation and vowel points
    0x05BF,
    0x05C1,
    0x05C2,
    0x05C4,
    0x05C5,
    0x05C7,
    0x05F3,  # geresh
    0x05F4,  # gershayim
    *range(0x0610, 0x061B),  # Arabic marks
    0x0640,  # tatweel
    *range(0x064B, 0x0660),  # Arabic vowels
    0x0670,
    0x00AD,  # soft hyphen
    *range(0x200B, 0x2010),  # zero width and direction marks
    *range(0x202A, 0x202F),  # bidi embeddings
    *range(0x2060, 0x2070),  # bidi isolates, joiners
    0xFEFF,
    *map(ord, "'’‘ʼ´`"),
)
_FOLDED = {
    **dict(zip("ךםןףץ", "כמנפצ", strict=True)),
    **dict.fromkeys("أإآٱ", "ا"),
    "ى": "ي",
    "ة": "ه",
    "ё": "е",
    **{chr(0x0660 + digit): str(digit) for digit in range(10)},
    **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
}
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(_DELETED),
    **{ord(character): folded for character, folded in _FOLDED.items()},
}
_ACRONYM = re.compile('(?<=[א-ת])["”“](?=[א-ת])')
_QUOTES = frozenset('"”“')
_NOT_A_WORD = re.compile(r"[\W_]+")
_HEBREW = re.compile("[א-ת]")
_NONE = ("",)
_PREFIXES = ("", "ה", "ו", "ב", "ל", "מ", "ש", "שה", "וה")
_RUN = re.compile(r"(\w)\1{2,}")


def plain(text: str) -> str:
    """Reduce a text to lower-case words with one space between them, for comparing only.

    Vowel points, direction controls, punctuation and emoji disappear; Hebrew final letters, Arabic letter variants and
    eastern digits are folded, so that any way to type a word gives the same word.
    """
    text = text[:ROUTED_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        if not _QUOTES.isdisjoint(text):
            text = _ACRONYM.sub("", text)
    return _NOT_A_WORD.sub(" ", text.casefold().translate(_TABLE)).strip()


def unstretched(words: str) -> str:
    """Undo emphasis by repetition: `stoppp` becomes `stop`; for plain words."""
    return _RUN.sub(r"\1", words)


class Phrases:
    """A table of phrases, each with a label, found wherever they stand as whole words in a plain text."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._by_start: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = {}
        for label, ways in phrases.items():
            for way in ways:
                words = tuple(plain(way).split())
                self._by_start.setdefault(words[:2], []).append((words, label))
        self._words = frozenset(start[0] for start in self._by_start if len(start) == 1)
        self._pairs = frozenset(start for start in self._by_start if len(start) > 1)

    def find(self, words: tuple[str, ...]) -> tuple[str, str] | None:
        """Give the label and the words of the first phrase found, or None."""
        return next(self.find_all(words), None)

    def find_all(self, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Give the label and the words of every phrase found, in the order of the text."""
        if self._words.isdisjoint(words) and self._pairs.isdisjoint(pairwise(words)):
            return  # nearly every message, so this must cost next to nothing
        for place in range(len(words)):
            # A dictionary keeps the longer one first, and both are one at the last word.
            for start in dict.fromkeys((words[place : place + 2], words[place : place + 1])):
                for phrase, label in self._by_start.get(start, ()):
                    if words[place : place + len(phrase)] == phrase:
                        yield label, " ".join(phrase)


def with_prefixes(words: Iterable[str]) -> frozenset[str]:
    """Give each word in plain form, a Hebrew one also behind each prefix: Hebrew writes `to the agent` as one word."""
    return frozenset(
        prefix + word for word in map(plain, words) for prefix in (_PREFIXES if _HEBREW.match(word) else _NONE)
    )
