"""The coarse jobs RQ runs, by dotted name and with ids only; what they work on is found in PostgreSQL.

RQ runs every job in a process of its own, so each opens what it needs and closes it again. Running a job twice, or not
at all because Redis forgot it, only costs time. How jobs are queued and run is `gateway.jobs.runner`'s.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.runtime.assemble import WorkerResources


def fetch_media(ids: Sequence[int] | None = None) -> int:
    """Fetch files that customers sent, all that wait or those of these attachments; gives how many were stored."""
    return asyncio.run(_fetch_media(ids))


def reconcile() -> int:
    """Ask the providers about deliveries that may have been sent; gives how many were settled."""
    return asyncio.run(_reconcile())


def forget() -> dict[str, int]:
    """Delete what is kept for a while only; gives how much of it went."""
    return asyncio.run(_forget())


# RQ's own process imports this file and stays small; what a job works with is imported by the process that runs it.


@asynccontextmanager
async def _resources() -> "AsyncIterator[WorkerResources]":
    from gateway.runtime.assemble import open_resources  # noqa: PLC0415
    from gateway.runtime.log import set_up_logging  # noqa: PLC0415

    async with open_resources() as resources:
        set_up_logging(resources.settings)
        yield resources


async def _fetch_media(ids: Sequence[int] | None) -> int:
    from gateway.intake.media import fetch_waiting  # noqa: PLC0415
    from gateway.runtime.files import open_files  # noqa: PLC0415

    async with _resources() as resources:
        files = open_files(resources.settings)
        return await fetch_waiting(resources.pool, resources.registry, files, notifier=resources.notifier, ids=ids)


async def _reconcile() -> int:
    from gateway.outbox.reconcile import reconcile as ask_providers  # noqa: PLC0415

    async with _resources() as resources:
        return await ask_providers(resources.pool, resources.registry, resources.builder, notifier=resources.notifier)


async def _forget() -> dict[str, int]:
    from gateway.operations.retention import forget_old  # noqa: PLC0415
    from gateway.runtime.clock import now  # noqa: PLC0415
    from gateway.runtime.files import open_files  # noqa: PLC0415

    gone: Counter[str] = Counter()
    async with _resources() as resources:
        files = open_files(resources.settings)
        async for step in forget_old(resources.pool, files, resources.settings.retention, now=now()):
            gone[step.kind] += step.count
    return dict(gone)
