"""What is held after a restore: letting it go out, or giving it up. Why it is held is the store's."""

from gateway.operations.store import restore_guard
from gateway.operations.store.restore_guard import Held
from gateway.redis.notifier import Notifier
from gateway.store import restore_guard as guard
from gateway.store.db import Pool

_AT_ONCE = 1_000


async def look(pool: Pool) -> Held:
    """Say what is held."""
    async with pool.acquire() as connection:
        return await restore_guard.held(connection)


async def hold_if_restored(pool: Pool) -> int:
    """Hold everything that is owed when this database is a restored copy; gives how many deliveries that is."""
    async with pool.acquire() as connection, connection.transaction():
        return await guard.hold_if_restored(connection)


async def hold(pool: Pool) -> int:
    """Hold everything that is owed, as after a restore; gives how many deliveries that is."""
    async with pool.acquire() as connection, connection.transaction():
        return await guard.hold(connection)


async def release(pool: Pool, *, notifier: Notifier) -> int:
    """Let everything that is held go out; gives how many deliveries that was."""
    return await _all(pool, notifier, is_released=True)


async def discard(pool: Pool, *, notifier: Notifier) -> int:
    """Give everything that is held up; gives how many deliveries that was."""
    return await _all(pool, notifier, is_released=False)


async def _all(pool: Pool, notifier: Notifier, *, is_released: bool) -> int:
    settle, count = restore_guard.release if is_released else restore_guard.discard, 0
    while True:
        async with pool.acquire() as connection:
            touched = await settle(connection, most=_AT_ONCE)
        if not touched:
            return count
        count += len(touched)
        await notifier.announce(touched, "delivery")
        await notifier.wake_senders()
