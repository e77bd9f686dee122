"""Articles of the knowledge base as editors write them. Loading them all for matching is `intake.store.reference`'s."""

from collections.abc import Sequence

import asyncpg

from gateway.knowledge.cards import ArticleCard, Draft, DraftText
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


async def page(
    connection: Connection, *, after: str, count: int, published_only: bool = False
) -> Sequence[ArticleCard]:
    """List articles by key, after a key."""
    rows = _QUERIES.page(connection, after=after, count=count, published_only=published_only)
    return await _cards(connection, [row async for row in rows])


async def one(connection: Connection, article_id: int) -> ArticleCard | None:
    """Find an article."""
    row = await _QUERIES.one(connection, article_id=article_id)
    return None if row is None else (await _cards(connection, [row]))[0]


async def add(connection: Connection, draft: Draft) -> int | None:
    """Add an article and give its id, or None when the key is taken."""
    article_id: int | None = await _QUERIES.add(
        connection, key=draft.key, category=draft.category, published=draft.published
    )
    if article_id is not None:
        await _add_texts(connection, article_id, draft)
    return article_id


async def change(connection: Connection, article_id: int, draft: Draft) -> bool:
    """Replace an article, texts and all; False when there is none."""
    sql = _QUERIES
    found = await sql.change(
        connection, article_id=article_id, key=draft.key, category=draft.category, published=draft.published
    )
    if found is None:
        return False
    await sql.clear_texts(connection, article_id=article_id)
    await _add_texts(connection, article_id, draft)
    return True


async def remove(connection: Connection, article_id: int) -> bool:
    """Remove an article; False when there is none."""
    return await _QUERIES.remove(connection, article_id=article_id) is not None


async def bump(connection: Connection) -> None:
    """Tell every process that the knowledge base changed."""
    await _QUERIES.bump(connection)


async def _add_texts(connection: Connection, article_id: int, draft: Draft) -> None:
    for text in draft.texts:
        await _QUERIES.add_text(
            connection,
            article_id=article_id,
            language=text.language,
            title=text.title,
            answer=text.answer,
            variants=list(text.variants),
        )


async def _cards(connection: Connection, rows: Sequence[asyncpg.Record]) -> Sequence[ArticleCard]:
    texts: dict[int, list[DraftText]] = {}
    async for row in _QUERIES.texts(connection, article_ids=[row["id"] for row in rows]):
        texts.setdefault(row["article_id"], []).append(
            DraftText(
                language=row["language"], title=row["title"], answer=row["answer"], variants=tuple(row["variants"])
            )
        )
    return [
        ArticleCard(
            article_id=row["id"],
            key=row["key"],
            category=row["category"],
            published=row["published"],
            updated_at=row["updated_at"],
            texts=tuple(texts.get(row["id"], ())),
        )
        for row in rows
    ]
