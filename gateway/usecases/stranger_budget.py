"""How many automatic replies senders nobody vouches for may cause: we must not become a relay for forged mail.

Counted over all processes in Redis. While Redis is away each process counts for itself, beginning with what it knows.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from gateway.bell import connect

_PATIENCE_SECONDS = 0.25
_REST_SECONDS = 1.0
_AWAY = (RedisError, OSError, asyncio.TimeoutError)
_MOST_KEPT = 10_000

# KEYS are pairs: the mailbox that would answer, and the domain it would answer to. Each is a set of the moments of its
# latest replies. ARGV: limit and period (seconds) of mailboxes, the same of domains, and a word no other call uses.
_SPEND = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local granted = {}
for i = 1, #KEYS, 2 do
    local is_within = 1
    for side = 0, 1 do
        local limit, period = tonumber(ARGV[1 + 2 * side]), tonumber(ARGV[2 + 2 * side])
        redis.call('ZREMRANGEBYSCORE', KEYS[i + side], '-inf', now - period * 1000000)
        if redis.call('ZCARD', KEYS[i + side]) >= limit then
            is_within = 0
        end
    end
    if is_within == 1 then
        for side = 0, 1 do
            redis.call('ZADD', KEYS[i + side], now, ARGV[5] .. i)
            redis.call('EXPIRE', KEYS[i + side], tonumber(ARGV[2 + 2 * side]) + 1)
        end
    end
    granted[#granted + 1] = is_within
end
return granted
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """At most `limit` within any `seconds`."""

    limit: int
    seconds: int


MAILBOX = Window(limit=60, seconds=60)
DOMAIN = Window(limit=20, seconds=3600)


class StrangerBudget:
    """At most 60 replies a minute from a mailbox of ours, and 20 an hour to any one domain."""

    def __init__(self, redis_url: str | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Count in Redis; without a URL in this process. `clock` gives seconds."""
        self._redis = connect(redis_url) if redis_url else None
        self._script = self._redis.register_script(_SPEND) if self._redis else None
        self._clock = clock
        self._rest_until = 0.0
        self._spent: dict[str, deque[float]] = {}

    async def spend(self, wishes: Sequence[tuple[str, str]]) -> list[bool]:
        """Say of each (mailbox, domain) whether it may be answered, and count those that may; never raises."""
        if not wishes:
            return []
        pairs = [(f"eshnav:strangers:{mailbox}", f"eshnav:strangers:@{domain}") for mailbox, domain in wishes]
        if self._script is not None and self._clock() >= self._rest_until:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    return await self._spend_together(pairs)
            except _AWAY:
                self._rest_until = self._clock() + _REST_SECONDS
        return [self._spend_alone(pair) for pair in pairs]

    async def close(self) -> None:
        """Let go of the connection."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _spend_together(self, pairs: Sequence[tuple[str, str]]) -> list[bool]:
        if self._script is None:
            return []
        windows = (MAILBOX.limit, MAILBOX.seconds, DOMAIN.limit, DOMAIN.seconds)
        answer = await self._script(keys=[key for pair in pairs for key in pair], args=[*windows, secrets.token_hex(8)])
        granted = [bool(each) for each in answer]
        for pair, is_granted in zip(pairs, granted, strict=True):
            if is_granted:
                self._note(pair)
        return granted

    def _spend_alone(self, pair: tuple[str, str]) -> bool:
        within = [self._count(key, window) < window.limit for key, window in zip(pair, (MAILBOX, DOMAIN), strict=True)]
        if all(within):
            self._note(pair)
        return all(within)

    def _count(self, key: str, window: Window) -> int:
        times = self._spent.get(key, deque())
        while times and self._clock() - times[0] >= window.seconds:
            times.popleft()
        return len(times)

    def _note(self, pair: tuple[str, str]) -> None:
        if len(self._spent) > _MOST_KEPT:
            oldest = self._clock() - DOMAIN.seconds
            self._spent = {key: times for key, times in self._spent.items() if times and times[-1] > oldest}
        for key in pair:
            self._spent.setdefault(key, deque(maxlen=max(MAILBOX.limit, DOMAIN.limit))).append(self._clock())
