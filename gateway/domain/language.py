"""Which language a text is written in, judged by its letters alone."""

import re
from enum import StrEnum
from typing import Literal, get_args

_RANGES = {"he": (0x0590, 0x05FF), "ar": (0x0600, 0x06FF), "ru": (0x0400, 0x04FF), "en": (0x0041, 0x024F)}


class Language(StrEnum):
    """A language customers write in. Eshnav itself speaks two of them, and obeys consent words in all four."""

    HEBREW = "he"
    ENGLISH = "en"
    ARABIC = "ar"
    RUSSIAN = "ru"


# The languages Eshnav itself speaks, as they are spelled in settings and in the API, and as ours.
Spoken = Literal["he", "en"]
SPOKEN = tuple(Language(name) for name in get_args(Spoken))


def _letters(low: int, high: int) -> re.Pattern[str]:
    return re.compile(f"[{''.join(filter(str.isalpha, map(chr, range(low, high + 1))))}]+")


_LETTERS = {Language(name): _letters(low, high) for name, (low, high) in _RANGES.items()}


def detect(text: str) -> Language | None:
    """Name the language most of the letters belong to, or None without letters; Hebrew wins ties."""
    text = text[:2000]
    if text.isascii():
        return Language.ENGLISH if any(map(str.isalpha, text)) else None
    hebrew = len(text) - len(_LETTERS[Language.HEBREW].sub("", text))
    if 2 * hebrew >= len(text):  # no other can have more, and most messages end here
        return Language.HEBREW
    counts = {language: len(text) - len(letters.sub("", text)) for language, letters in _LETTERS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else None
