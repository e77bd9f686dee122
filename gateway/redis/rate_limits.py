"""Token buckets shared by all senders through Redis: how many sends may start from an endpoint, or to one person.

Without Redis each process counts for itself; then several senders together may send faster than the limit says, and the
provider's own "slow down" holds them. Why something may not be sent yet otherwise is not decided here.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.redis import keys
from gateway.redis.client import BestEffort, connect

# Each bucket is a hash of its level and the time it was last looked at; a negative wish gives tokens back. The server's
# clock is used, so that senders on several machines agree.
_TAKE = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local answers = {}
for i, key in ipairs(KEYS) do
    local before = 3 * (i - 1)
    local rate, burst, wish = tonumber(ARGV[before + 1]), tonumber(ARGV[before + 2]), tonumber(ARGV[before + 3])
    local bucket = redis.call('HMGET', key, 'level', 'at')
    local level = burst
    if bucket[1] then
        level = math.min(burst, tonumber(bucket[1]) + math.max(0, at - tonumber(bucket[2])) * rate)
    end
    local taken = math.min(wish, math.floor(level))
    level = math.min(burst, level - taken)
    redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%.6f', at))
    redis.call('PEXPIRE', key, math.ceil(burst / rate * 1000) + 1000)
    answers[2 * i - 1] = taken
    answers[2 * i] = string.format('%.6f', level)
end
return table.concat(answers, ' ')
"""

# The same for one token of each of many buckets that are all alike: one character each, 1 for taken.
_ADMIT = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local lasts = math.ceil(burst / rate * 1000) + 1000
local answers = {}
for i, key in ipairs(KEYS) do
    local level, before = burst, redis.call('GET', key)
    if before then
        local split = string.find(before, ' ', 1, true)
        local passed = math.max(0, at - tonumber(string.sub(before, split + 1)))
        level = math.min(burst, tonumber(string.sub(before, 1, split - 1)) + passed * rate)
    end
    local taken = level >= 1
    if taken then level = level - 1 end
    redis.call('SET', key, string.format('%.6f %.6f', level, at), 'PX', lasts)
    answers[i] = taken and '1' or '0'
end
return table.concat(answers)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """How many tokens are wanted at most from the bucket of this name; a negative number gives tokens back."""

    name: str
    per_second: float
    burst: float
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """How many tokens were taken, and how many are left."""

    taken: int
    left: float


class RateLimiter:
    """The buckets. Without a URL, or while Redis is away, they are this process's own."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis = connect(redis_url) if redis_url else None
        self._take = self._redis.register_script(_TAKE) if self._redis else None
        self._admit = self._redis.register_script(_ADMIT) if self._redis else None
        self._own: dict[str, tuple[float, float]] = {}
        self._guard = BestEffort()

    async def take(self, wishes: Sequence[Wish]) -> list[Grant]:
        """Take what these buckets hold, up to each wish; never waits and never raises."""
        if not wishes:
            return []
        if self._take is not None:
            grants = await self._guard.ask(lambda: self._take_shared(wishes))
            if grants is not None:
                return grants
        return [self._take_own(wish) for wish in wishes]

    async def admit(self, names: Sequence[str], *, per_second: float, burst: float) -> list[bool]:
        """Take one token from each of these buckets, named by `keys` and all alike; says where there was one."""
        if not names:
            return []
        if (admit := self._admit) is not None:
            answer = await self._guard.ask(lambda: admit(keys=list(names), args=(per_second, burst)))
            if answer is not None:
                return [letter == _TAKEN for letter in answer]
        wishes = [Wish(name=name, per_second=per_second, burst=burst, most=1) for name in names]
        return [bool(self._take_own(wish).taken) for wish in wishes]

    async def close(self) -> None:
        """Let go of the connection."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _take_shared(self, wishes: Sequence[Wish]) -> list[Grant]:
        if self._take is None:
            return []
        answer = await self._take(
            keys=[keys.bucket(wish.name) for wish in wishes],
            args=[number for wish in wishes for number in (wish.per_second, wish.burst, wish.most)],
        )
        numbers = answer.split()
        return [
            Grant(taken=int(taken), left=float(left)) for taken, left in zip(numbers[::2], numbers[1::2], strict=True)
        ]

    def _take_own(self, wish: Wish) -> Grant:
        now = time.monotonic()
        level, at = self._own.get(wish.name, (wish.burst, now))
        level = min(wish.burst, level + (now - at) * wish.per_second)
        taken = min(wish.most, int(level))
        level = min(wish.burst, level - taken)
        if len(self._own) > _MOST_OWN:
            self._own.clear()
        self._own[wish.name] = (level, now)
        return Grant(taken=taken, left=level)


_MOST_OWN = 10_000
_TAKEN = ord("1")
