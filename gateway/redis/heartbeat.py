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

from gateway.redis import keys
from gateway.redis.client import REDIS_AWAY, connect
from gateway.runtime.clock import now

_BEAT_SECONDS = 5.0
_FORGOTTEN_SECONDS = 20


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
    key, since = keys.process(role, name), now().isoformat(timespec="seconds")
    async with connect(redis_url) as redis:
        try:
            while True:
                with suppress(*REDIS_AWAY):
                    await redis.set(key, since, ex=_FORGOTTEN_SECONDS)
                await asyncio.sleep(_BEAT_SECONDS)
        finally:
            with suppress(*REDIS_AWAY):
                await redis.delete(key)


async def living(redis: Redis) -> list[Process]:
    """Give the processes that lately said that they are alive, apps first, the oldest first.

    Raises:
        RedisError, OSError: Redis is away.
    """
    known = [key async for key in redis.scan_iter(keys.ALL_PROCESSES, count=1_000)]
    values = await redis.mget(known) if known else []
    found = []
    for key, value in zip(known, values, strict=True):
        if value is not None:
            role, name = keys.process_of(_text(key))
            since = datetime.fromisoformat(_text(value)).astimezone(UTC)
            found.append(Process(role=role, name=name, since=since))
    return sorted(found, key=lambda each: (each.role, each.since, each.name))


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()
