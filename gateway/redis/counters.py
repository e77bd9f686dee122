"""Counts of sends by channel and outcome, summed over all senders in Redis, for the web process to show.

They are figures, not truth: with Redis away they are kept for a while and then dropped.
"""

from collections import Counter
from collections.abc import Iterable

from gateway.redis.client import REDIS_AWAY, connect
from gateway.redis.keys import SENDS


class SendCounters:
    """Counts sends here and adds them to the common count in Redis; does nothing without a URL."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis = connect(redis_url) if redis_url else None
        self._counts: Counter[str] = Counter()

    def count(self, sends: Iterable[tuple[str, str]]) -> None:
        """Count these (channel, outcome) pairs."""
        self._counts.update(f"{channel}|{outcome}" for channel, outcome in sends)

    async def flush(self) -> None:
        """Add what was counted to the common count; what could not be added waits for the next time."""
        if self._redis is None or not self._counts:
            return
        counts, self._counts = self._counts, Counter()
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for name, count in counts.items():
                    pipeline.hincrby(SENDS, name, count)
                await pipeline.execute()
        except REDIS_AWAY:
            self._counts.update(counts)

    async def read(self) -> dict[tuple[str, str], int]:
        """Give the common counts by (channel, outcome); none while Redis is away."""
        if self._redis is None:
            return {}
        try:
            found = await self._redis.hgetall(SENDS)
        except REDIS_AWAY:
            return {}
        counts = {}
        for name, count in found.items():
            channel, _, outcome = (name if isinstance(name, str) else name.decode()).partition("|")
            counts[channel, outcome] = int(count)
        return counts

    async def close(self) -> None:
        """Let go of the connection."""
        if self._redis is not None:
            await self._redis.aclose()
