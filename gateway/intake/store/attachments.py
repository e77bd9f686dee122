"""Attachments whose bytes are still to be fetched from a provider, and what came of fetching them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.domain.messages import Attachment
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class Waiting(Struct, frozen=True, kw_only=True):
    """An attachment to fetch, and the endpoint whose provider keeps it."""

    attachment_id: int
    conversation_id: int
    endpoint_key: str
    attachment: Attachment
    created_at: datetime


async def waiting(connection: Connection, *, ids: Sequence[int] | None, most: int) -> list[Waiting]:
    """Give attachments to fetch, oldest first: all, or those of these ids."""
    rows = _QUERIES.waiting(connection, ids=None if ids is None else list(ids), most=most)
    return [
        Waiting(
            attachment_id=row["id"],
            conversation_id=row["conversation_id"],
            endpoint_key=row["remote"]["endpoint"],
            attachment=Attachment(
                filename=row["filename"],
                media_type=row["media_type"],
                sha256=row["sha256"],
                url=row["remote"]["url"],
                media_id=row["remote"]["media_id"],
            ),
            created_at=row["created_at"],
        )
        async for row in rows
    ]


async def note_stored(
    connection: Connection, attachment_id: int, *, sha256: str, media_type: str, size_bytes: int
) -> None:
    """Note that the bytes are in storage, and what they turned out to be."""
    await _QUERIES.stored(connection, id=attachment_id, sha256=sha256, media_type=media_type, size_bytes=size_bytes)


async def note_failed(connection: Connection, attachment_id: int, reason: str) -> None:
    """Note why the bytes cannot be had."""
    await _QUERIES.failed(connection, id=attachment_id, reason=reason)


class Due(Struct, frozen=True, kw_only=True):
    """Which coarse work there is now; fresh media came in the last two minutes."""

    media: bool
    fresh_media: bool
    unknown: bool


async def due(connection: Connection, *, unknown_seconds: float) -> Due:
    """Say whether files wait to be fetched, and deliveries to be asked about."""
    row = await _QUERIES.due(connection, wait_seconds=unknown_seconds)
    return Due(media=row["media"], fresh_media=row["fresh_media"], unknown=row["unknown"])
