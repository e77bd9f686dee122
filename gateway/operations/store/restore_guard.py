"""What is held because the database is a restored copy. Whether it is one is `gateway.store.restore_guard`'s."""

from datetime import datetime

from msgspec import Struct

from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class Held(Struct, frozen=True, kw_only=True):
    """How many deliveries wait for a person to decide, and since when the first does."""

    count: int
    since: datetime | None


async def held(connection: Connection) -> Held:
    """Say what is held."""
    row = await _QUERIES.held(connection)
    return Held(count=row["count"], since=row["since"])


async def release(connection: Connection, *, most: int) -> list[int]:
    """Let some of what is held go out after all; gives the conversations touched, none when nothing is held."""
    return [row["conversation_id"] async for row in _QUERIES.release(connection, most=most)]


async def discard(connection: Connection, *, most: int) -> list[int]:
    """Give some of what is held up; gives the conversations touched, none when nothing is held."""
    return [row["conversation_id"] async for row in _QUERIES.discard(connection, most=most)]
