"""What senders and jobs work with, opened together from the settings and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from channels.registry import Registry
from gateway.config import Settings, load_settings
from gateway.outbox.outgoing import Handover
from gateway.redis.notifier import Bell
from gateway.store.db import Pool, open_pool

UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """A pool of connections, the adapters, the bell, and the writer of outgoing messages."""

    settings: Settings
    pool: Pool
    registry: Registry
    handover: Handover
    bell: Bell


@asynccontextmanager
async def open_tools(
    settings: Settings | None = None, *, connections: int = 3, by_index: bool = False
) -> AsyncIterator[Tools]:
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
        bell = Bell(settings.redis_url or None)
        stack.push_async_callback(bell.close)
        secret = settings.derived_secret(UNSUBSCRIBE)
        handover = Handover(settings.accounts, public_url=settings.public_url, unsubscribe_secret=secret)
        yield Tools(settings=settings, pool=pool, registry=registry, handover=handover, bell=bell)
