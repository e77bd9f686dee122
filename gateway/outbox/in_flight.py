"""Waiting, after an opt-out is committed, for what was on its way at that moment; then it may be acknowledged."""

import asyncio
from collections.abc import Sequence

import structlog

from gateway.outbox.store import deliveries
from gateway.store.away import DATABASE_TROUBLE
from gateway.store.db import Pool

PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.02
_SELDOM_SECONDS = 0.2

_log = structlog.get_logger(__name__)


async def wait_for_in_flight(pool: Pool, contact_ids: Sequence[int]) -> None:
    """Wait until no sender is handing anything but a confirmation to these contacts any more, for at most five seconds.

    Nothing new can begin, since senders ask for consent when they claim and again after it. What takes longer is stuck
    at the provider, who waits for our answer to the opt-out only so long.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            pause = _LOOK_SECONDS
            while await _is_anything_leaving(pool, contact_ids):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _SELDOM_SECONDS)
    except DATABASE_TROUBLE as error:
        _log.warning("an opt-out did not wait for what was on its way", error=type(error).__name__)


async def _is_anything_leaving(pool: Pool, contact_ids: Sequence[int]) -> bool:
    async with pool.acquire() as connection:
        return await deliveries.is_anything_leaving(connection, contact_ids)
