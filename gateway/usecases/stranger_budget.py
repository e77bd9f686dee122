"""How many automatic replies strangers may cause: an answering machine must not become a relay for forged senders."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class StrangerBudget:
    """At most `limit` replies per endpoint within any `period_seconds`, counted in this process."""

    limit: int = 60
    period_seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _spent: dict[str, deque[float]] = field(default_factory=dict)

    def spend(self, endpoint: str) -> bool:
        """Take one reply out of the endpoint's budget; False when it is used up."""
        now = self.clock()
        times = self._spent.setdefault(endpoint, deque())
        while times and now - times[0] >= self.period_seconds:
            times.popleft()
        if len(times) >= self.limit:
            return False
        times.append(now)
        return True
