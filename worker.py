"""The worker process, wired together: the sender, and beside it RQ's worker and clock as children."""

import asyncio
import gc
import os
import secrets
import signal
import socket

import structlog
import uvloop

from gateway import crash
from gateway.config import Settings, load_settings
from gateway.jobs.dispatching import dispatch_forever
from gateway.jobs.keeping import Kept
from gateway.jobs.tools import Tools, open_tools
from gateway.log import set_up_logging
from gateway.pulse import beat_forever, own_name
from gateway.rates import Rates
from gateway.tally import Tally
from gateway.usecases.holding import hold_if_restored
from gateway.usecases.sending import DRAIN_SECONDS, Sender

log = structlog.get_logger(__name__)

_CONNECTIONS = 4
# Sending makes much short-lived garbage in a process with many long-lived objects: collecting less often saves a third.
_COLLECT_AFTER = 20_000


def main() -> None:
    """Send and run jobs until SIGTERM or SIGINT; then finish what is in hand, within 20 seconds."""
    settings = load_settings()
    set_up_logging(settings)
    crash.arm(settings.fault)
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    uvloop.run(run(settings))


async def run(settings: Settings) -> None:
    """Work until told to stop."""
    async with open_tools(settings, connections=_CONNECTIONS) as tools:
        if held := await hold_if_restored(tools.pool):
            log.warning("the database was restored: what it owed is held until operations decide", held=held)
        rates, tally = Rates(settings.redis_url or None), Tally(settings.redis_url or None)
        sender = Sender(
            tools.pool, tools.registry, tools.handover, bell=tools.bell, rates=rates, tally=tally, name=_name()
        )
        try:
            await _work(sender, tools, settings)
        finally:
            await tally.flush()
            for each in (rates, tally):
                await each.close()


async def _work(sender: Sender, tools: Tools, settings: Settings) -> None:
    """Run the sender, and beside it what needs Redis."""
    children = [Kept("gateway.jobs.runner", role, told=settings.redis_url) for role in ("worker", "clock")]
    beside = [asyncio.create_task(_stop_in_time(sender, children))]
    if settings.redis_url:
        beside += [asyncio.create_task(child.keep_running()) for child in children]
        beside.append(asyncio.create_task(dispatch_forever(tools.pool, settings.redis_url)))
        beside.append(asyncio.create_task(beat_forever(settings.redis_url, role="worker", name=own_name())))
    log.info("working", sender=_name())
    try:
        await sender.run()
    finally:
        await asyncio.gather(*(child.stop(timeout_seconds=DRAIN_SECONDS) for child in children))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


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
    main()
