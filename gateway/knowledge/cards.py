"""Articles as editors write and see them."""

from datetime import datetime

from msgspec import Struct


class Draft(Struct, frozen=True, kw_only=True):
    """A knowledge article as an editor writes it: texts by language."""

    key: str
    category: str
    published: bool
    texts: tuple["DraftText", ...]


class DraftText(Struct, frozen=True, kw_only=True):
    """One language of an article."""

    language: str
    title: str
    answer: str
    variants: tuple[str, ...] = ()


class ArticleCard(Draft, frozen=True, kw_only=True):
    """An article as stored."""

    article_id: int
    updated_at: datetime
