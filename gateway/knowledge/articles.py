"""Editing the knowledge base, and searching it as customers do on the help page."""

from collections.abc import Sequence

import asyncpg

from gateway.domain.errors import Conflict, NotFound
from gateway.domain.knowledge import Match
from gateway.domain.language import Language
from gateway.domain.paging import Page, cut
from gateway.intake.reference import Reference
from gateway.intake.store import reference as reference_store
from gateway.knowledge import store
from gateway.knowledge.cards import ArticleCard, Draft
from gateway.store.db import Pool

_NEAR_ENOUGH = 0.6


async def list_articles(
    pool: Pool, *, cursor: str | None, limit: int, published_only: bool = False
) -> Page[ArticleCard]:
    """List articles by key; the cursor is the last key seen."""
    async with pool.acquire() as connection:
        found = await store.page(connection, after=cursor or "", count=limit + 1, published_only=published_only)
    items, last = cut(found, limit)
    return Page(items=items, next=last.key if last else None)


async def get_article(pool: Pool, article_id: int) -> ArticleCard:
    """Find an article.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection:
        article = await store.one(connection, article_id)
    if article is None:
        raise NotFound(f"there is no article {article_id}")
    return article


async def create_article(pool: Pool, draft: Draft) -> ArticleCard:
    """Add an article; every process answers from it within its next batch.

    Raises:
        Conflict: the key is taken.
    """
    async with pool.acquire() as connection, connection.transaction():
        article_id = await store.add(connection, draft)
        if article_id is None:
            raise Conflict(f"there already is an article with the key {draft.key}")
        await store.bump(connection)
    return await get_article(pool, article_id)


async def replace_article(pool: Pool, article_id: int, draft: Draft) -> ArticleCard:
    """Replace an article, texts and all.

    Raises:
        NotFound: there is none.
        Conflict: another article has the key.
    """
    try:
        async with pool.acquire() as connection, connection.transaction():
            if not await store.change(connection, article_id, draft):
                raise NotFound(f"there is no article {article_id}")
            await store.bump(connection)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"there already is an article with the key {draft.key}") from error
    return await get_article(pool, article_id)


async def delete_article(pool: Pool, article_id: int) -> None:
    """Remove an article.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await store.remove(connection, article_id):
            raise NotFound(f"there is no article {article_id}")
        await store.bump(connection)


async def search(pool: Pool, reference: Reference, question: str, language: Language) -> Sequence[Match]:
    """Find the articles nearest to a question, best first, with the matcher that answers messages.

    Unlike an answer by message, a page may show several; those far behind the best would only be in the way.
    """
    async with pool.acquire() as connection:
        await reference.refresh(connection, await reference_store.knowledge_version(connection))
    matches = reference.knowledge.match(question[:500], language)
    return [match for match in matches if match.score >= _NEAR_ENOUGH * matches[0].score]
