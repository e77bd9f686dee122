"""Which language a text is written in, judged by its letters alone."""

from enum import StrEnum

_RANGES = (("he", 0x0590, 0x05FF), ("ar", 0x0600, 0x06FF), ("ru", 0x0400, 0x04FF), ("en", 0x0041, 0x024F))


class Language(StrEnum):
    """A language customers write in. Eshnav itself speaks Hebrew and English; it obeys consent words in all four."""

    HEBREW = "he"
    ENGLISH = "en"
    ARABIC = "ar"
    RUSSIAN = "ru"


def detect(text: str) -> Language | None:
    """Name the language most of the letters belong to, or None without letters; Hebrew wins ties."""
    text = text[:2000]
    if text.isascii():
        return Language.ENGLISH if any(map(str.isalpha, text)) else None
    counts = dict.fromkeys(("he", "ar", "ru", "en"), 0)
    for character in text:
        if character.isalpha():
            point = ord(character)
            for name, low, high in _RANGES:
                if low <= point <= high:
                    counts[name] += 1
                    break
    best = max(counts, key=lambda name: counts[name])
    return Language(best) if counts[best] else None
