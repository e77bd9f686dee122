"""A first matcher over the question variants of the knowledge base: likeness of words and pieces of words, no model.

Reads nothing and learns nothing while it answers; the store rebuilds it when the knowledge base changes. Features are made
in `routing.features` and added up in `routing.postings`; what is done with a match is decided in `routing.answer`.
"""

from collections import OrderedDict
from collections.abc import Sequence
from math import exp

import numpy as np

from gateway.domain.knowledge import Article, Match
from gateway.domain.language import Language
from routing.features import features, stems
from routing.postings import Postings
from routing.spelling import Spelling
from routing.text import plain

CONFIDENT = 0.6
"""From this score an answer is given: measured on BANKING77, 10 questions an intent known, 93% of such answers are right."""
LIKELY = 0.2
"""From this score an article may be offered in a choice: measured there, below it the best is right in one of ten."""

_CACHED = 4096
_MOST_MATCHES = 5
_MOST_WORDS = 60
_VARIANT_SHARE = 0.5
_ENOUGH_WORDS = 12
_BIAS, _BY_ARTICLE, _BY_VARIANT, _BY_COVERAGE, _BY_LEAD, _BY_RELATIVE_LEAD, _BY_LENGTH = -7.39, 5.79, 1.98, 2.60, 0.12, 1.61, 2.49
"""A logistic regression of "this article is the right one", fitted on BANKING77 with whole intents left out of the index and
on CLINC150's out-of-scope questions; the same in Hebrew, where likeness behaves the same and no such collection exists."""


class KnowledgeIndex:
    """The knowledge base, prepared for matching. Keeps `gateway.domain.knowledge.Knowledge`."""

    def __init__(self, articles: Sequence[Article], version: int) -> None:
        self.version = version
        self._articles = tuple(articles)
        self._by_key = {article.key: article for article in articles}
        owned = [
            (owner, variant)
            for owner, article in enumerate(articles)
            for text in article.texts
            for variant in (text.title, *text.variants)
        ]
        self._variants = tuple(variant for _, variant in owned)
        self._starts = tuple(int(start) for start in np.searchsorted([o for o, _ in owned], range(len(articles) + 1)))
        said = [plain(variant).split() for variant in self._variants]
        self._stems = tuple(
            frozenset(stem for words in said[start:end] for word in words for stem in stems(word))
            for start, end in zip(self._starts, self._starts[1:], strict=False)
        )
        self._spelling = Spelling(word for words in said for word in words)
        self._postings = Postings([features(words) for words in said], [owner for owner, _ in owned])
        self._cache: OrderedDict[str, tuple[Match, ...]] = OrderedDict()

    def article(self, key: str) -> Article | None:
        """Give the article by its key, or None when there is no longer one."""
        return self._by_key.get(key)

    def match(self, question: str, language: Language | None) -> Sequence[Match]:
        """Give the likeliest articles, best first, at most five; none when nothing is near.

        The language is not needed: variants of all languages stand in one index, and their letters tell them apart.
        """
        del language
        words = plain(question)
        found = self._cache.get(words)
        if found is None:
            found = self._match([self._spelling.nearest(word) for word in words.split()[:_MOST_WORDS]])
            self._cache[words] = found
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return found

    def _match(self, words: list[str]) -> tuple[Match, ...]:
        if not words or not self._articles:
            return ()
        by_variant, by_article = self._postings.likeness(features(words))
        best_variant = np.maximum.reduceat(by_variant, self._starts[:-1])
        likeness = by_article + _VARIANT_SHARE * best_variant
        order = np.argsort(-likeness)[:_MOST_MATCHES].tolist()
        found = []
        for place in order:
            total = float(likeness[place])
            if total <= 0:
                break
            rival = order[0] if place != order[0] else order[1] if len(order) > 1 else place
            lead = total - float(likeness[rival]) if rival != place else total
            score = _score(
                float(by_article[place]), float(best_variant[place]), self._coverage(words, place), lead, total, len(words)
            )
            start, end = self._starts[place : place + 2]
            because = self._variants[start + int(by_variant[start:end].argmax())]
            found.append(Match(article=self._articles[place], score=score, because=because))
        return tuple(sorted(found, key=lambda match: -match.score))

    def _coverage(self, words: list[str], place: int) -> float:
        """Say how much of what was asked, by weight of the words, the article knows at all."""
        known = self._stems[place]
        total = covered = 0.0
        for word in words:
            weight = self._postings.weight_of(word)
            total += weight
            if not known.isdisjoint(stems(word)):
                covered += weight
        return covered / total


def _score(by_article: float, by_variant: float, coverage: float, lead: float, total: float, length: int) -> float:
    """Estimate how likely the article is the right one, from 0 to 1."""
    evidence = (
        _BIAS
        + _BY_ARTICLE * by_article
        + _BY_VARIANT * by_variant
        + _BY_COVERAGE * coverage
        + _BY_LEAD * lead
        + _BY_RELATIVE_LEAD * lead / total
        + _BY_LENGTH * min(length, _ENOUGH_WORDS) / _ENOUGH_WORDS
    )
    return 1 / (1 + exp(-evidence))
