"""What senders ask of PostgreSQL costs little, however much has gone through the outbox since the last vacuum."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import people
import pytest

from gateway.domain.channel import Channel
from gateway.outbox.store import deliveries
from gateway.store.db import open_pool

PASSED = 15_000
# Going through what has passed reads thousands of pages; looking up what is meant, a few for each.
FEW_PAGES = 400


@pytest.fixture
async def worn(pool: asyncpg.Pool) -> AsyncIterator[list[int]]:
    """An outbox through which much has passed since the last vacuum; gives the few deliveries that are being sent.

    The addresses were counted last when all of them had just been deleted.
    """
    for table in ("delivery", "address"):
        await pool.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    sms = (await people.endpoints(pool))[Channel.SMS]
    await people.flood(pool, sms, PASSED)
    for table in ("delivery", "message", "conversation", "address", "contact"):
        await pool.execute(f"DELETE FROM {table}")
    await pool.execute("ANALYZE address")
    await people.flood(pool, sms, PASSED)
    lease = "UPDATE delivery SET status = 'sending', leased_by = 'test', lease_until = now() + interval '1 minute'"
    await pool.execute(f"{lease} WHERE id <= (SELECT min(id) + 20 FROM delivery)")
    await pool.execute("ANALYZE delivery")
    await pool.execute(f"{lease} WHERE status = 'queued'")
    await pool.execute(
        "UPDATE delivery SET status = 'sent', lease_until = NULL WHERE id > (SELECT min(id) + 20 FROM delivery)"
    )
    # Not asked for by their state: whoever reads an index leaves marks on what is dead there.
    yield [row["id"] for row in await pool.fetch("SELECT id FROM delivery ORDER BY id LIMIT 20")]
    for table in ("delivery", "address"):
        await pool.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


async def pages_read(database_url: str, name: str, *arguments: object) -> int:
    """Run a statement of the outbox as senders do; gives how many pages it looked at."""
    pool = await open_pool(database_url, by_index=True)
    try:
        sql = getattr(deliveries._QUERIES, name).sql
        [plan] = json.loads(await pool.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *arguments))
    finally:
        await pool.close()
    root: dict[str, Any] = plan["Plan"]
    return int(root["Shared Hit Blocks"] + root["Shared Read Blocks"])


async def test_withdrawing_looks_up_what_was_claimed(pool: asyncpg.Pool, worn: list[int], database_url: str):
    await pool.execute(
        "UPDATE address SET opted_out = '{any}' WHERE id = (SELECT address_id FROM delivery WHERE id = $1)", worn[0]
    )
    assert await pages_read(database_url, "withdraw", worn, "test") < FEW_PAGES
