"""Reading a word as one the knowledge base knows: without its Hebrew prefixes, or with one typing slip undone."""

from collections import Counter
from collections.abc import Iterable, Iterator

from routing.hebrew import bare_forms

_SHORTEST = 4


class Vocabulary:
    """The words a knowledge base is written in, with how often each is typed.

    Each word is filed under itself and under every form with one letter left out; two words one slip apart share such a
    form (the idea of SymSpell, W. Garbe), so that no word needs comparing with all the others.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._typed = Counter(words)
        self._filed: dict[str, str] = {}
        for word, _ in self._typed.most_common():
            if len(word) >= _SHORTEST:
                for form in _slips(word):
                    self._filed.setdefault(form, word)

    def reading(self, word: str) -> str:
        """Give the known word this most likely is, or the word itself.

        A Hebrew word with prefixes is read as whatever is typed most among its bare forms: `שהכרטיס` as `כרטיס`, and
        `כרטיס` as itself, not as `רטיס`.
        """
        forms = bare_forms(word)
        best = max(forms, key=lambda form: self._typed[form])
        if self._typed[best]:
            return best
        return next((near for form in forms if (near := self._nearest(form))), word)

    def _nearest(self, word: str) -> str | None:
        if len(word) < _SHORTEST or word.isdecimal():
            return None
        return next((self._filed[form] for form in _slips(word) if form in self._filed), None)


def _slips(word: str) -> Iterator[str]:
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
