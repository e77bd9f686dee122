"""The knowledge base as routing sees it: articles, question variants, and the protocol every matcher keeps."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from gateway.domain.language import Language


class ArticleText(Struct, frozen=True, kw_only=True):
    """One article in one language: its title, the answer in plain words, and ways people ask for it."""

    language: Language
    title: str
    answer: str
    variants: tuple[str, ...] = ()


class Article(Struct, frozen=True, kw_only=True):
    """One known answer, in one or more languages."""

    article_id: int
    key: str
    category: str
    texts: tuple[ArticleText, ...]

    def text_in(self, language: Language) -> ArticleText:
        """Give the text in this language, or the first there is."""
        return next((text for text in self.texts if text.language is language), self.texts[0])


class Match(Struct, frozen=True, kw_only=True):
    """An article that may answer a question: how sure (0 to 1), and which variant or words made it so."""

    article: Article
    score: float
    because: str


class Knowledge(Protocol):
    """Finds likely articles for a question. `version` says which state of the knowledge base it was built from."""

    version: int

    def match(self, question: str, language: Language | None) -> Sequence[Match]:
        """Give the likeliest articles, best first, at most five; none when nothing is near."""
        ...

    def article(self, key: str) -> Article | None:
        """Give the article by its key, or None when there is no longer one."""
        ...
