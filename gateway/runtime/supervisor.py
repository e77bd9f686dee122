"""Keeping something running that may end by itself: started again, ever slower while it keeps ending.

What is run, and how it is told to stop, is the caller's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0
_FIRST_WAIT_SECONDS = 0.5


async def keep_running(
    run_once: Callable[[], Awaitable[int | None]],
    *,
    is_stopping: Callable[[], bool],
    ended: Callable[[int | None, float], None],
) -> None:
    """Run it until it is told to stop; `ended` hears of every other end: the exit code, and the seconds until the next.

    A run that lasted a minute counts as steady, and the waits begin anew after it.
    """
    failures = 0
    while not is_stopping():
        started = time.monotonic()
        code = await run_once()
        if is_stopping():
            return
        failures = 0 if time.monotonic() - started > STEADY_SECONDS else failures + 1
        wait = min(_FIRST_WAIT_SECONDS * 2 ** max(failures - 1, 0), LONGEST_WAIT_SECONDS)
        ended(code, wait)
        await asyncio.sleep(wait)
