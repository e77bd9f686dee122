"""The worker process, wired together: a sender, and beside it more senders, RQ's worker and its clock as children."""

import asyncio
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from gateway.config import Settings, load_settings
from gateway.embedded.process import follow_parent
from gateway.jobs.dispatching import dispatch_forever
from gateway.jobs.keeping import Kept
from gateway.operations.restore_guard import hold_if_restored
from gateway.outbox.budgets import Limits
from gateway.outbox.sender import DRAIN_SECONDS, Sender
from gateway.redis.heartbeat import heartbeat, own_name
from gateway.runtime import failpoints
from gateway.runtime.assemble import WorkerResources, open_resources, open_sender
from gateway.runtime.log import set_up_logging

log = structlog.get_logger(__name__)

_CONNECTIONS = 4
_END_SECONDS = 2.0
# Sending makes much short-lived garbage in a process with many long-lived objects: collecting less often saves a third.
_COLLECT_AFTER = 20_000


def main() -> None:
    """Send and run jobs until SIGTERM or SIGINT; then finish what is in hand, within 20 seconds."""
    _run(_lead)


def send_for(parent: int) -> None:
    """Only send, and no bulk, for the worker with this process id, until SIGTERM or until it is gone."""
    follow_parent(parent, signal.SIGTERM)
    _run(_send, Limits(bulk=0))


def _run(work: "Callable[[Sender, WorkerResources, Settings], Awaitable[None]]", limits: Limits | None = None) -> None:
    settings = load_settings()
    set_up_logging(settings)
    failpoints.arm(settings.fault)
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    uvloop.run(run(settings, work, limits))


async def run(
    settings: Settings,
    work: "Callable[[Sender, WorkerResources, Settings], Awaitable[None]]",
    limits: Limits | None = None,
) -> None:
    """Work until told to stop."""
    async with open_resources(settings, connections=_CONNECTIONS, by_index=True) as resources:
        if held := await hold_if_restored(resources.pool):
            log.warning("the database was restored: what it owed is held until operations decide", held=held)
        async with open_sender(
            resources.pool,
            resources.registry,
            resources.builder,
            notifier=resources.notifier,
            redis_url=settings.redis_url,
            name=_name(),
            limits=limits,
        ) as sender:
            log.info("working", sender=_name())
            await work(sender, resources, settings)


async def _send(sender: Sender, _tools: WorkerResources, _settings: Settings) -> None:
    """Run the sender alone."""
    stopping = asyncio.create_task(_stop_in_time(sender, []))
    try:
        await sender.run()
    finally:
        stopping.cancel()


async def _lead(sender: Sender, resources: WorkerResources, settings: Settings) -> None:
    """Run the sender, and beside it the other senders and what needs Redis."""
    children = [Kept("worker", "sender") for _ in range(settings.senders - 1)]
    if settings.redis_url:
        children += [Kept("gateway.jobs.runner", role, told=settings.redis_url) for role in ("worker", "clock")]
    beside = [asyncio.create_task(_stop_in_time(sender, children))]
    beside += [asyncio.create_task(child.keep_running()) for child in children]
    if settings.redis_url:
        beside.append(asyncio.create_task(dispatch_forever(resources.pool, settings.redis_url)))
        beside.append(asyncio.create_task(heartbeat(settings.redis_url, role="worker", name=own_name())))
    try:
        await sender.run()
    finally:
        await asyncio.gather(*(child.stop(timeout_seconds=DRAIN_SECONDS) for child in children))
        for task in beside:
            task.cancel()
        await asyncio.wait(beside, timeout=_END_SECONDS)


async def _stop_in_time(sender: Sender, children: list[Kept]) -> None:
    """At a signal, let the sender and the children finish at the same time."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
    log.info("stopping")
    sender.stop()
    await asyncio.gather(*(child.stop(timeout_seconds=DRAIN_SECONDS) for child in children))


def _name() -> str:
    """Name this sender, unlike every other that ever ran."""
    return f"{socket.gethostname()}:{os.getpid()}:{_INCARNATION}"


_INCARNATION = secrets.token_hex(3)


if __name__ == "__main__":
    if sys.argv[1:2] == ["sender"]:
        send_for(int(sys.argv[2]))
    else:
        main()
