"""Bringing in articles from a file: all of them, or none and what is wrong. Reading is pure and apart from storing."""

import tomllib
from collections.abc import Mapping, Sequence

from gateway.domain.errors import Refused
from gateway.domain.language import Language
from gateway.knowledge import store
from gateway.knowledge.cards import Draft, DraftText
from gateway.store.db import Pool


def read_articles(content: bytes) -> list[Draft]:
    """Read a TOML file of `[[article]]` tables: key, category, and a table per language with title, answer, variants.

    Raises:
        Refused: it is not such a file; names the article and what is wrong with it.
    """
    try:
        articles = tomllib.loads(content.decode("utf-8")).get("article", [])
    except ValueError as error:
        raise Refused(f"this is not a TOML file in UTF-8: {error}") from error
    drafts = [_draft(number, article) for number, article in enumerate(articles, 1)]
    if not drafts:
        raise Refused("there is no [[article]] in this file")
    if len({draft.key for draft in drafts}) < len(drafts):
        raise Refused("two articles have the same key")
    return drafts


def _draft(number: int, article: Mapping[str, object]) -> Draft:
    texts = {name: value for name, value in article.items() if isinstance(value, dict)}
    key, category = article.get("key"), article.get("category", "")
    if not isinstance(key, str) or not key.strip() or not isinstance(category, str):
        raise Refused(f"article {number} needs a key and a category in words")
    if not texts or not texts.keys() <= set(Language):
        raise Refused(f"article {key} needs a table for at least one of the languages {', '.join(Language)}")
    return Draft(
        key=key.strip(),
        category=category,
        published=article.get("published", True) is not False,
        texts=tuple(_text(key, language, text) for language, text in texts.items()),
    )


def _text(key: str, language: str, text: Mapping[str, object]) -> DraftText:
    title, answer, variants = text.get("title"), text.get("answer"), text.get("variants", [])
    if not (isinstance(title, str) and title and isinstance(answer, str) and answer):
        raise Refused(f"article {key} needs a title and an answer in {language}")
    if not isinstance(variants, list) or not all(isinstance(variant, str) for variant in variants):
        raise Refused(f"article {key}: the variants in {language} must be a list of questions")
    return DraftText(language=language, title=title, answer=answer, variants=tuple(variants))


async def store_articles(pool: Pool, drafts: Sequence[Draft]) -> tuple[int, int]:
    """Add these articles, replacing those with the same key; gives how many are new and how many were replaced."""
    async with pool.acquire() as connection, connection.transaction():
        existing = {card.key: card.article_id for card in await store.page(connection, after="", count=100_000)}
        for draft in drafts:
            if draft.key in existing:
                await store.change(connection, existing[draft.key], draft)
            else:
                await store.add(connection, draft)
        await store.bump(connection)
    replaced = sum(draft.key in existing for draft in drafts)
    return len(drafts) - replaced, replaced
