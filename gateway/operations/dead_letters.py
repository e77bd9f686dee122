"""Deliveries that failed for good: looking through them, and sending them again at somebody's wish."""

from collections.abc import Sequence

from gateway.operations.store import dead_letters
from gateway.operations.store.dead_letters import DeadLetter
from gateway.redis.notifier import Notifier
from gateway.store.db import Pool

PAGE = 50


async def list_page(pool: Pool, *, before: int | None = None, most: int = PAGE) -> tuple[list[DeadLetter], int | None]:
    """Give failed deliveries that nothing took the place of, newest first, and the `before` of the next page."""
    async with pool.acquire() as connection:
        letters = await dead_letters.read(connection, before=before, most=most)
    return letters, letters[-1].delivery_id if len(letters) == most else None


async def replay(pool: Pool, delivery_ids: Sequence[int], *, notifier: Notifier) -> dict[int, int]:
    """Queue these failed deliveries anew: old id → new id. What was replayed before, or never failed, is left out."""
    async with pool.acquire() as connection:
        replayed = await dead_letters.replay(connection, delivery_ids)
    await notifier.wake_senders()
    await notifier.announce((each.conversation_id for each in replayed), "delivery")
    return {each.replayed_from: each.delivery_id for each in replayed}
