"""When a failed delivery is tried again, if at all. Pure; what an error means is the channels' own knowledge."""

import random
from datetime import datetime, timedelta

from gateway.domain.outbox import Lane

# The waits before the second, third, … attempt; each is drawn at random up to its length ("full jitter"), so that what
# failed together does not come back together.
WAITS_SECONDS = (1, 30, 120, 600, 1800, 7200)
REPLY_PATIENCE = timedelta(hours=4)
PATIENCE = timedelta(hours=24)


def next_attempt(
    *,
    attempts: int,
    lane: Lane,
    created_at: datetime,
    now: datetime,
    retry_after_seconds: float | None = None,
    chance: random.Random,
) -> datetime | None:
    """Say when to try again after this many attempts, never before the provider asks; None to give up."""
    if attempts > len(WAITS_SECONDS):
        return None
    wait = chance.uniform(0, WAITS_SECONDS[attempts - 1])
    return within_patience(
        now + timedelta(seconds=max(wait, retry_after_seconds or 0)), lane=lane, created_at=created_at
    )


def within_patience(at: datetime, *, lane: Lane, created_at: datetime) -> datetime | None:
    """Give the time back, or None when it would be too late to be of use: four hours for a reply, else a day."""
    patience = REPLY_PATIENCE if lane is Lane.REPLY else PATIENCE
    return at if at - created_at <= patience else None
