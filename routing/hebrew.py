"""Hebrew as customers type it: attached prefixes and the two spellings. Works on plain words (`routing.text`)."""

from functools import lru_cache

_LETTERS = frozenset("אבגדהוזחטיכלמנסעפצקרשת")
_PREFIXES = frozenset("ובהכלמש")
_SHORTEST_STEM = 2
_SHORTEST_BARE = 3


def is_hebrew(word: str) -> bool:
    """Say whether a plain word is written in Hebrew letters."""
    return bool(word) and word[0] in _LETTERS


@lru_cache(maxsize=20_000)
def bare_forms(word: str) -> tuple[str, ...]:
    """Give a word and what it may be without its attached prefixes: `ומהכרטיס` may be `כרטיס`.

    Which reading is right cannot be told from the word alone, so all are given, the word itself first.
    """
    forms = [word]
    if is_hebrew(word):
        rest = word
        while len(rest) > _SHORTEST_BARE and rest[0] in _PREFIXES and len(word) - len(rest) < _SHORTEST_BARE:
            rest = rest[1:]
            forms.append(rest)
    return tuple(forms)


@lru_cache(maxsize=20_000)
def skeleton(word: str) -> str:
    """Spell a Hebrew word without the vowel letters that one writer puts in and another leaves out.

    The letters ו and י inside a word go, doubled or single: `תוכנית` and `תכנית`, `שרות` and `שירות` become one.
    """
    if len(word) <= _SHORTEST_BARE or not is_hebrew(word):
        return word
    inner = "".join(letter for letter in word[1:-1] if letter not in "וי")
    bare = word[0] + inner + word[-1]
    return bare if len(bare) > _SHORTEST_STEM else word
