"""What makes two questions alike: stems, pairs of words and pieces of words, weighed for comparing. Hebrew and English.

Works on plain words (`routing.text`). How likenesses are added up is `routing.knowledge`.
"""

from collections.abc import Iterable
from functools import lru_cache

from routing.hebrew import is_hebrew, skeleton
from routing.text import plain
from routing.words import phrases

_COMMON = frozenset(map(plain, phrases("common")["common"]))
_COMMON_WEIGHT = 0.3
_PAIR_WEIGHT = 0.5
_PIECE_WEIGHT = 0.5
_PIECE_LENGTH = 3
_ENGLISH_ENDINGS = (
    ("ies", "y"),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("ers", ""),
    ("er", ""),
    ("es", ""),
    ("s", ""),
    ("ly", ""),
    ("e", ""),
)
_HEBREW_ENDINGS = ("ימ", "ות", "יה", "ית", "תי", "נו", "כמ", "ה", "א", "ת", "י")
_SHORTEST_STEM = 3


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Give the stem of a plain word: without its ending, and in Hebrew in the short spelling."""
    if word.isdecimal():
        return "#"
    return _hebrew_stem(word) if is_hebrew(word) else _english_stem(word)


@lru_cache(maxsize=50_000)
def _of_word(word: str) -> tuple[tuple[str, float], ...]:
    """Give the features of one word by itself. Common words tell little, so they weigh little and have no pieces."""
    if word in _COMMON:
        return ((f"w:{word}", _COMMON_WEIGHT),)
    padded = f"<{word}>"
    pieces = ((f"p:{padded[at : at + _PIECE_LENGTH]}", _PIECE_WEIGHT) for at in range(len(padded) - _PIECE_LENGTH + 1))
    return ((f"w:{stem(word)}", 1.0), *pieces)


def features(words: Iterable[str]) -> dict[str, float]:
    """Weigh the features of a question, given its plain words."""
    weights: dict[str, float] = {}
    before = ""
    for word in words:
        for name, weight in _of_word(word):
            weights[name] = weights.get(name, 0.0) + weight
        now = stem(word)
        if before:
            pair = f"b:{before} {now}"
            weights[pair] = weights.get(pair, 0.0) + _PAIR_WEIGHT
        before = now
    return weights


def is_common(word: str) -> bool:
    """Say whether a plain word is too common to tell questions apart."""
    return word in _COMMON


def _english_stem(word: str) -> str:
    for ending, instead in _ENGLISH_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)] + instead
    return word


def _hebrew_stem(word: str) -> str:
    for ending in _HEBREW_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return skeleton(word)
