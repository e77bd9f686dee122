"""A first matcher over the question variants of the knowledge base: likeness of words and pieces of words, no model.

Learns nothing while it answers; it is built anew when the knowledge base changes. Features are made in
`routing.features` and added up in `routing.postings`; what is done with a match is decided in `routing.answer`.
"""

from collections import OrderedDict
from collections.abc import Sequence
from math import exp

import numpy as np

from gateway.domain.knowledge import Article, Match
from gateway.domain.language import Language
from routing.features import features, is_common, stem
from routing.postings import Postings
from routing.text import plain
from routing.vocabulary import Vocabulary

CONFIDENT = 0.55
"""From this score an article is given as the answer. Measured on BANKING77 with ten questions an intent known: 59% of
unseen questions score so, nine in ten of them rightly; of questions about other things at most one in two hundred."""
LIKELY = 0.25
"""From this score a choice is offered: 85% of BANKING77's questions score so, and one in ten about other things."""
ALONE = 0.4
"""From this score an article is offered though no other stands beside it; below, one doubtful guess is no choice."""
POSSIBLE = 0.1
"""From this score an article may stand in a choice beside a likelier one."""

_CACHED = 4096
_MOST_MATCHES = 5
_MOST_WORDS = 60
_VARIANT_SHARE = 0.5
_BIAS, _BY_ARTICLE, _BY_VARIANT, _BY_COVERAGE, _BY_LEAD = -4.40, 5.69, 1.27, 2.08, 2.83
"""A logistic regression of "this article is the right one": fitted on BANKING77, with whole intents left out of the
index and with questions cut to keywords, on CLINC150's out-of-scope questions, on HeQ's Hebrew ones, and on our sample
articles with each variant left out in turn."""


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
        typed = [plain(variant).split() for variant in self._variants]
        self._vocabulary = Vocabulary(word for words in typed for word in words)
        said = [[self._vocabulary.reading(word) for word in words] for words in typed]
        self._stems = tuple(
            frozenset(stem(word) for words in said[start:end] for word in words)
            for start, end in zip(self._starts, self._starts[1:], strict=False)
        )
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
            found = self._match([self._reading(word) for word in words.split()[:_MOST_WORDS]])
            self._cache[words] = found
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return found

    def _reading(self, word: str) -> str:
        """Read a word as one we know; the commonest stay themselves, lest a greeting (שלום) be read as paying (שלם)."""
        return word if is_common(word) else self._vocabulary.reading(word)

    def _match(self, words: list[str]) -> tuple[Match, ...]:
        if not words or not self._articles:
            return ()
        by_variant, by_article = self._postings.likeness(features(words))
        best_variant = np.maximum.reduceat(by_variant, self._starts[:-1])
        likeness = by_article + _VARIANT_SHARE * best_variant
        order = np.argsort(-likeness)[:_MOST_MATCHES].tolist()
        leader, second = float(likeness[order[0]]), float(likeness[order[1]]) if len(order) > 1 else 0.0
        found = []
        for place in order:
            total = float(likeness[place])
            if total <= 0:
                break
            lead = total - (second if place == order[0] else leader)
            evidence = (
                _BIAS
                + _BY_ARTICLE * float(by_article[place])
                + _BY_VARIANT * float(best_variant[place])
                + _BY_COVERAGE * self._coverage(words, place)
                + _BY_LEAD * max(lead / total, -1.0)
            )
            start, end = self._starts[place : place + 2]
            because = self._variants[start + int(by_variant[start:end].argmax())]
            found.append(Match(article=self._articles[place], score=1 / (1 + exp(-evidence)), because=because))
        return tuple(sorted(found, key=lambda match: -match.score))

    def _coverage(self, words: list[str], place: int) -> float:
        """Say how much of what was asked, by weight of the words, the article knows at all."""
        known = self._stems[place]
        total = covered = 0.0
        for word in words:
            weight = self._postings.weight_of(word)
            total += weight
            if stem(word) in known:
                covered += weight
        return covered / total
