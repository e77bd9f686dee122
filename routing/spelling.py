"""Mistyped words: the known word that is one slip away, found without comparing against all of them."""

from collections.abc import Iterable, Iterator

_SHORTEST = 4


class Spelling:
    """The words a knowledge base knows, findable with one letter missing, added, wrong or two swapped.

    Each word is filed under itself and under every form with one letter left out; two words one slip apart share such a
    form (the idea of SymSpell, W. Garbe).
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._known = frozenset(words)
        self._filed: dict[str, str] = {}
        for word in sorted(self._known):
            if len(word) >= _SHORTEST:
                for form in _forms(word):
                    self._filed.setdefault(form, word)

    def nearest(self, word: str) -> str:
        """Give the word itself when it is known, else a known word one slip away, else the word itself."""
        if word in self._known or len(word) < _SHORTEST or word.isdecimal():
            return word
        return next((self._filed[form] for form in _forms(word) if form in self._filed), word)


def _forms(word: str) -> Iterator[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
