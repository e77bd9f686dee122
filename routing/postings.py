"""An inverted index of weighed features: how like a question is to each known variant, and to each whole article."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from routing.features import is_common, stem

_COMMON_WORD = 0.3

Floats = NDArray[np.float64]


class Postings:
    """Which feature stands where, and with what share of that text's length (TF-IDF, cosine likeness).

    `bags` are the features of the variants, `owners` the place of the article each belongs to, in ascending order. An
    article as a whole is the mean of its variants.
    """

    def __init__(self, bags: Sequence[Mapping[str, float]], owners: Sequence[int]) -> None:
        self._variants = len(bags)
        self._articles = max(owners, default=-1) + 1
        count = Counter(name for bag in bags for name in bag)
        self._rarity = {name: log((len(bags) + 1) / (found + 1)) + 1 for name, found in count.items()}
        self._unheard = log(len(bags) + 1) + 1
        units = [self._unit(bag) for bag in bags]
        means: list[Counter[str]] = [Counter() for _ in range(self._articles)]
        for unit, owner in zip(units, owners, strict=True):
            means[owner].update(unit)
        lists: dict[str, list[tuple[int, float]]] = {name: [] for name in count}
        for place, unit in enumerate((*units, *map(_to_unit, means))):
            for name, weight in unit.items():
                lists[name].append((place, weight))
        self._lists = {
            name: (np.array([place for place, _ in found], dtype=np.intp), np.array([weight for _, weight in found]))
            for name, found in lists.items()
        }

    def likeness(self, bag: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Give the cosine likeness (0 to 1) of these features to each variant, and to each article."""
        size = self._variants + self._articles
        found = [(self._lists[name], weight) for name, weight in self._unit(bag).items() if name in self._lists]
        if not found:
            return np.zeros(self._variants), np.zeros(self._articles)
        places = np.concatenate([places for (places, _), _ in found])
        shares = np.concatenate([shares for (_, shares), _ in found])
        weights = np.repeat([weight for _, weight in found], [len(places) for (places, _), _ in found])
        sums: Floats = np.bincount(places, shares * weights, minlength=size).astype(np.float64, copy=False)
        return sums[: self._variants], sums[self._variants :]

    def weight_of(self, word: str) -> float:
        """Weigh a plain word: the rarer, the more it tells; a word never seen tells most."""
        return _COMMON_WORD if is_common(word) else self._rarity.get(f"w:{stem(word)}", self._unheard)

    def _unit(self, bag: Mapping[str, float]) -> dict[str, float]:
        rarity, unheard = self._rarity, self._unheard
        return _to_unit({name: weight * rarity.get(name, unheard) for name, weight in bag.items()})


def _to_unit(bag: Mapping[str, float]) -> dict[str, float]:
    length = sqrt(sum(weight * weight for weight in bag.values())) or 1.0
    return {name: weight / length for name, weight in bag.items()}
