"""Senders for tests, wired as the worker wires them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from gateway.domain.account import Account
from gateway.outbox.budgets import Limits
from gateway.outbox.dispatcher import Adapters
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.outbox.sender import Sender
from gateway.runtime.assemble import open_notifier, open_registry, open_sender


@asynccontextmanager
async def sending(
    pool: asyncpg.Pool,
    *accounts: Account,
    redis_url: str | None = None,
    limits: Limits | None = None,
    name: str = "sender",
    adapters: Adapters | None = None,
) -> AsyncIterator[Sender]:
    """Run a sender until the block ends, then let it finish."""
    async with (
        open_registry(accounts, public_url="https://shop.example") as registry,
        open_notifier(redis_url) as notifier,
        open_sender(
            pool,
            adapters or registry,
            builder(*accounts),
            notifier=notifier,
            redis_url=redis_url,
            name=name,
            limits=limits,
        ) as sender,
    ):
        task = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            sender.stop()
            await asyncio.wait_for(task, 30)


def builder(*accounts: Account) -> OutgoingBuilder:
    """What the worker would make of these accounts."""
    return OutgoingBuilder(accounts, public_url="https://shop.example", unsubscribe_secret="secret")


async def until(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def settled(pool: asyncpg.Pool, *, seconds: float = 15) -> dict[str, int]:
    """Wait until nothing is due or being sent any more, and count the deliveries by status."""
    async with asyncio.timeout(seconds):
        while await pool.fetchval(
            "SELECT count(*) FROM delivery WHERE status = 'sending' OR (status = 'queued' AND due_at <= now())"
        ):
            await asyncio.sleep(0.02)
    return dict(await pool.fetch("SELECT status, count(*) FROM delivery GROUP BY 1"))
