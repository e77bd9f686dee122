"""Queueing the jobs that the state of the database calls for, so that a job Redis forgot is queued again."""

import asyncio

import structlog
from redis import Redis

from gateway.intake.store import attachments
from gateway.jobs.runner import enqueue
from gateway.outbox.reconcile import WAIT_SECONDS
from gateway.redis.client import REDIS_AWAY
from gateway.store.away import DATABASE_TROUBLE
from gateway.store.db import Pool

_LOOK_SECONDS = 3.0
_FRESH_SECONDS = 6
_AGAIN_SECONDS = 120
_UNKNOWN_SECONDS = 5

_log = structlog.get_logger()


async def dispatch_forever(pool: Pool, redis_url: str) -> None:
    """Look every few seconds whether files wait or deliveries are unknown, and queue the job for it."""
    with Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2) as connection:
        while True:
            try:
                for function, once_in_seconds in await _due(pool):
                    await asyncio.to_thread(enqueue, connection, function, once_in_seconds=once_in_seconds)
            except (*REDIS_AWAY, *DATABASE_TROUBLE) as error:
                _log.warning("jobs cannot be queued", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)


async def _due(pool: Pool) -> list[tuple[str, int]]:
    async with pool.acquire() as connection:
        due = await attachments.due(connection, unknown_seconds=WAIT_SECONDS)
    jobs = []
    if due.media:
        jobs.append(("fetch_media", _FRESH_SECONDS if due.fresh_media else _AGAIN_SECONDS))
    if due.unknown:
        jobs.append(("reconcile", _UNKNOWN_SECONDS))
    return jobs
