"""Live updates for open screens: one listener per process, fanned out to every screen.

The notifier brings them at once. While Redis is away a look at PostgreSQL every few seconds takes its place, so that no
screen is ever staler than that.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from redis.asyncio import Redis

from gateway.desk.store import conversations
from gateway.redis.client import REDIS_AWAY
from gateway.redis.notifier import LOOK_AGAIN, Notifier
from gateway.store.away import DATABASE_TROUBLE
from gateway.store.db import Pool

log = structlog.get_logger(__name__)

POLL_SECONDS = 3.0
LONGEST_QUEUE = 100
EVERYTHING: tuple[int, ...] = ()
# Ids are given out before they are committed, so a lower one may appear a moment later.
_OUT_OF_ORDER = 200


class LiveUpdates:
    """Tells screens which conversations changed. Run `listen` and `poll` as tasks for as long as there are screens."""

    def __init__(self, pool: Pool, notifier: Notifier, redis: Redis | None = None) -> None:
        self._pool = pool
        self._redis = redis
        self._notifier = notifier
        self._screens: set[asyncio.Queue[tuple[int, ...]]] = set()
        self.is_over = False

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[tuple[int, ...]]]:
        """Give a queue of changed conversation ids for one screen; no ids mean that it should look at all again."""
        queue: asyncio.Queue[tuple[int, ...]] = asyncio.Queue(LONGEST_QUEUE)
        self._screens.add(queue)
        try:
            yield queue
        finally:
            self._screens.discard(queue)

    def end(self) -> None:
        """Let every screen go, so that the process can stop; they come back to whichever answers next."""
        self.is_over = True
        self.tell(EVERYTHING)

    def tell(self, conversation_ids: tuple[int, ...]) -> None:
        """Tell every screen; one too slow to keep up is told to look at everything again instead."""
        for queue in self._screens:
            try:
                queue.put_nowait(conversation_ids)
            except asyncio.QueueFull:
                with suppress(asyncio.QueueEmpty):
                    while True:
                        queue.get_nowait()
                queue.put_nowait(EVERYTHING)

    async def listen(self) -> None:
        """Pass on what the notifier announces, until cancelled."""
        async for announcement in self._notifier.announcements():
            self.tell(EVERYTHING if announcement.kind == LOOK_AGAIN else announcement.conversation_ids)

    async def poll(self) -> None:
        """Ask PostgreSQL what changed, until cancelled; what the notifier told is told twice, which harms nothing.

        The first look finds nothing to compare with, so screens opened before it are told to look at all again.
        """
        told: dict[int, int] | None = None
        since = 0
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._screens:
                told = None
                continue
            try:
                async with self._pool.acquire() as connection:
                    since = await conversations.latest_message(connection) if told is None else since
                    found = await conversations.changed_since(connection, max(since - _OUT_OF_ORDER, 0))
            except DATABASE_TROUBLE as error:
                log.warning("news_poll_failed", error=type(error).__name__)
                continue
            fresh = tuple(key for key, latest in found.items() if told is not None and told.get(key) != latest)
            is_first_look, told, since = told is None, found, max(since, *found.values(), 0)
            if fresh or is_first_look or not await self._is_notifier_heard():
                self.tell(fresh or EVERYTHING)

    async def _is_notifier_heard(self) -> bool:
        """Say whether Redis is there; while it is not, changes other than messages go unannounced."""
        try:
            return self._redis is None or bool(await self._redis.ping())
        except REDIS_AWAY:
            return False
