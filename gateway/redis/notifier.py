"""Waking senders and telling open screens what changed, over Redis pub/sub.

Everything here is best effort: without Redis nobody is woken, nothing is raised and nobody waits; senders then poll,
and screens are told to look again once Redis is back. What is owed lives in PostgreSQL.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import orjson
from redis.asyncio.client import PubSub

from gateway.redis.client import REDIS_AWAY, REST_SECONDS, BestEffort, connect
from gateway.redis.keys import LIVE_UPDATES, WAKE_UPS

LOOK_AGAIN = "look_again"
_WAKE_UP = b"1"

_KEEPALIVE_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """Something happened in these conversations; kind LOOK_AGAIN without ids means that news may have been missed."""

    conversation_ids: tuple[int, ...]
    kind: str


class Notifier:
    """Rings the senders and tells open screens what changed; silent without a URL or while Redis is away."""

    def __init__(self, redis_url: str | None) -> None:
        self._url = redis_url
        self._redis = connect(redis_url) if redis_url else None
        self._guard = BestEffort()

    async def wake_senders(self) -> None:
        """Wake every sender: something is due now."""
        await self._publish((WAKE_UPS, _WAKE_UP))

    async def announce(self, conversation_ids: Iterable[int], kind: str, *, wakes_senders: bool = False) -> None:
        """Tell open screens that these conversations changed; `kind` says how in one word, such as `message`.

        `wakes_senders` wakes the senders with the same round trip.
        """
        payloads = [(WAKE_UPS, _WAKE_UP)] if wakes_senders else []
        if ids := sorted(set(conversation_ids)):
            payloads.append((LIVE_UPDATES, orjson.dumps({"conversation_ids": ids, "kind": kind})))
        await self._publish(*payloads)

    async def announcements(self) -> AsyncIterator[Announcement]:
        """Yield the news as it comes, for as long as the caller listens; LOOK_AGAIN after every gap."""
        async for payload in self._listen(LIVE_UPDATES):
            yield _read(payload)

    async def wake_ups(self) -> AsyncIterator[None]:
        """Yield at every wake-up, and once whenever the subscription is new, since wake-ups may have been missed."""
        async for _ in self._listen(WAKE_UPS):
            yield None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _publish(self, *payloads: tuple[str, bytes]) -> None:
        if self._redis is None or not payloads:
            return
        async with self._redis.pipeline(transaction=False) as line:
            for channel, payload in payloads:
                line.publish(channel, payload)
            await self._guard.ask(line.execute)

    async def _listen(self, channel: str) -> AsyncIterator[bytes | None]:
        """Yield every payload; None whenever the subscription is new."""
        while True:
            if self._url is not None:
                client = connect(self._url, patience_seconds=_KEEPALIVE_SECONDS)
                try:
                    async with client, client.pubsub() as line:
                        await line.subscribe(channel)
                        async for payload in _payloads(line):
                            yield payload
                except REDIS_AWAY:
                    pass
            await asyncio.sleep(REST_SECONDS)


async def _payloads(line: PubSub) -> AsyncIterator[bytes | None]:
    """Read one subscription until it breaks; silence is broken by a ping, and a ping without answer ends it."""
    is_waiting_for_pong = False
    while True:
        message = await line.get_message(timeout=_KEEPALIVE_SECONDS / 2)
        if message is None and is_waiting_for_pong:
            return
        is_waiting_for_pong = message is None
        if message is None:
            await line.ping()
        elif message["type"] == "subscribe":
            yield None
        elif message["type"] == "message":
            yield message["data"]


def _read(payload: bytes | None) -> Announcement:
    if payload is None:
        return Announcement(conversation_ids=(), kind=LOOK_AGAIN)
    document = orjson.loads(payload)
    return Announcement(conversation_ids=tuple(document["conversation_ids"]), kind=document["kind"])
