"""The replies that went to senders nobody vouches for, in the latest hour."""

from collections.abc import Sequence

from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)

Reply = tuple[int, str]
"""The endpoint that answers, and the domain answered to."""


async def latest(connection: Connection) -> list[tuple[Reply, float]]:
    """Give each reply of the latest hour, and how many seconds ago it was."""
    rows = _QUERIES.replies_to_strangers(connection)
    return [((row["endpoint_id"], row["domain"]), row["age"]) async for row in rows]


async def take_turns(connection: Connection) -> None:
    """Wait until no other transaction counts or adds; until this one ends, the others wait."""
    await _QUERIES.take_turns(connection)


async def note(connection: Connection, replies: Sequence[Reply]) -> None:
    """Note that these are answered now."""
    await _QUERIES.note_replies(
        connection, endpoint_ids=[endpoint_id for endpoint_id, _ in replies], domains=[domain for _, domain in replies]
    )
