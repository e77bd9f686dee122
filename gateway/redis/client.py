"""The way to Redis for uses that can do without it: a client that gives up soon, and patience while it is away.

What is asked, and what is done without an answer, is the caller's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

REDIS_AWAY = (RedisError, OSError)  # TimeoutError is an OSError
PATIENCE_SECONDS = 0.25
REST_SECONDS = 1.0

T = TypeVar("T")


def connect(redis_url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Redis:
    """Make a client that gives up soon and does not retry."""
    return Redis.from_url(
        redis_url,
        socket_timeout=patience_seconds,
        socket_connect_timeout=patience_seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


class BestEffort:
    """Asks Redis with little patience, and after a failure rests a second: one that hangs costs next to nothing."""

    def __init__(self) -> None:
        self._rest_until = 0.0

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Return what Redis answers, or None while it is away."""
        if time.monotonic() < self._rest_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await work()
        except REDIS_AWAY:
            self._rest_until = time.monotonic() + REST_SECONDS
            return None
