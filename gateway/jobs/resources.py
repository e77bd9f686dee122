"""What senders and jobs work with, opened together from the settings and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from channels.registry import Registry
from gateway.config import Settings, load_settings
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.redis.notifier import Notifier
from gateway.store.db import Pool, open_pool

UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerResources:
    """A pool of connections, the adapters, the notifier, and the writer of outgoing messages."""

    settings: Settings
    pool: Pool
    registry: Registry
    builder: OutgoingBuilder
    notifier: Notifier


@asynccontextmanager
async def open_resources(
    settings: Settings | None = None, *, connections: int = 3, by_index: bool = False
) -> AsyncIterator[WorkerResources]:
    """Open everything, and close it at the end; the settings are read from the environment unless given.

    `by_index` as for `open_pool`: senders look rows up, jobs such as retention go through whole tables.
    """
    settings = settings or load_settings()
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            settings.database_url, max_size=connections, erasure_key=settings.erasure_key, by_index=by_index
        )
        stack.push_async_callback(pool.close)
        registry = Registry(settings.accounts, public_url=settings.public_url)
        stack.push_async_callback(registry.close)
        notifier = Notifier(settings.redis_url or None)
        stack.push_async_callback(notifier.close)
        secret = settings.derived_secret(UNSUBSCRIBE)
        builder = OutgoingBuilder(settings.accounts, public_url=settings.public_url, unsubscribe_secret=secret)
        yield WorkerResources(settings=settings, pool=pool, registry=registry, builder=builder, notifier=notifier)
