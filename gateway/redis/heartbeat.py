"""Which processes are alive: each says so in Redis every few seconds, and is forgotten when it stops saying so.

Figures for people and health checks; nothing depends on them. What a process does is not known here.
"""

import asyncio
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis.notifier import connect
from gateway.runtime.clock import now

_KEY = "eshnav:process"
_BEAT_SECONDS = 5.0
_FORGOTTEN_SECONDS = 20
_AWAY = (RedisError, OSError, asyncio.TimeoutError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One living process: `role` is app or worker, `name` says the host and the process id."""

    role: str
    name: str
    since: datetime

    @property
    def host(self) -> str:
        """The machine, or container, it runs on."""
        return self.name.partition(":")[0]


def own_name() -> str:
    """Name this process: its host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def heartbeat(redis_url: str, *, role: str, name: str) -> None:
    """Say that this process is alive until cancelled; then it is forgotten at once."""
    key, since = f"{_KEY}:{role}:{name}", now().isoformat(timespec="seconds")
    async with connect(redis_url) as redis:
        try:
            while True:
                with suppress(*_AWAY):
                    await redis.set(key, since, ex=_FORGOTTEN_SECONDS)
                await asyncio.sleep(_BEAT_SECONDS)
        finally:
            with suppress(*_AWAY):
                await redis.delete(key)


async def living(redis: Redis) -> list[Process]:
    """Give the processes that lately said that they are alive, apps first, the oldest first.

    Raises:
        RedisError, OSError: Redis is away.
    """
    keys = [key async for key in redis.scan_iter(f"{_KEY}:*", count=1_000)]
    values = await redis.mget(keys) if keys else []
    found = []
    for key, value in zip(keys, values, strict=True):
        if value is not None:
            role, _, name = _text(key).removeprefix(f"{_KEY}:").partition(":")
            since = datetime.fromisoformat(_text(value)).astimezone(UTC)
            found.append(Process(role=role, name=name, since=since))
    return sorted(found, key=lambda each: (each.role, each.since, each.name))


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()
