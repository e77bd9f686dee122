"""The object graph: what app, worker, jobs and tests are made of, put together here and nowhere else.

Everything opened here is closed at the end, what was opened last first. What a process does with it is its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from channels.registry import Registry
from gateway.config import Settings, load_settings
from gateway.domain.account import Account
from gateway.domain.language import Language
from gateway.intake.intake import Intake, Reparse
from gateway.intake.reference import Reference
from gateway.intake.round import DecisionContext
from gateway.intake.spool import Spool
from gateway.outbox.budgets import Limits
from gateway.outbox.dispatcher import Adapters
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.outbox.sender import Sender
from gateway.redis.client import connect
from gateway.redis.counters import SendCounters
from gateway.redis.notifier import Notifier
from gateway.redis.rate_limits import RateLimiter
from gateway.runtime import clock
from gateway.runtime.files import Files, open_files
from gateway.store.db import Pool, open_pool
from gateway.web.server.live_updates import LiveUpdates
from gateway.web.server.services import Services, networks
from gateway.wording import Wording

_UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerResources:
    """What senders and jobs work with: connections, adapters, the notifier, and the builder of outgoing messages."""

    settings: Settings
    pool: Pool
    registry: Registry
    builder: OutgoingBuilder
    notifier: Notifier


@asynccontextmanager
async def open_resources(
    settings: Settings | None = None, *, connections: int = 3, by_index: bool = False
) -> AsyncIterator[WorkerResources]:
    """Open what senders and jobs work with; the settings are read from the environment unless given.

    `by_index` as for `open_pool`: senders look rows up, jobs such as retention go through whole tables.
    """
    settings = settings or load_settings()
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            settings.database_url, max_size=connections, erasure_key=settings.erasure_key, by_index=by_index
        )
        stack.push_async_callback(pool.close)
        registry = await stack.enter_async_context(open_registry(settings.accounts, public_url=settings.public_url))
        notifier = await stack.enter_async_context(open_notifier(settings.redis_url))
        yield WorkerResources(
            settings=settings, pool=pool, registry=registry, builder=builder_of(settings), notifier=notifier
        )


@asynccontextmanager
async def open_registry(accounts: Sequence[Account], *, public_url: str) -> AsyncIterator[Registry]:
    """Open the adapters of these accounts; `public_url` is where providers reach us."""
    registry = Registry(accounts, public_url=public_url)
    try:
        yield registry
    finally:
        await registry.close()


@asynccontextmanager
async def open_notifier(redis_url: str | None) -> AsyncIterator[Notifier]:
    """Open the notifier; without a URL it is silent."""
    notifier = Notifier(redis_url or None)
    try:
        yield notifier
    finally:
        await notifier.close()


def builder_of(settings: Settings) -> OutgoingBuilder:
    """Make the builder of what leaves from these settings' accounts."""
    return OutgoingBuilder(
        settings.accounts,
        public_url=settings.public_url,
        unsubscribe_secret=settings.derived_secret(_UNSUBSCRIBE),
    )


@asynccontextmanager
async def open_sender(
    pool: Pool,
    adapters: Adapters,
    builder: OutgoingBuilder,
    *,
    notifier: Notifier,
    redis_url: str | None,
    name: str,
    limits: Limits | None = None,
) -> AsyncIterator[Sender]:
    """Make a sender with its rates and counters; running and stopping it is the caller's."""
    rates, counters = RateLimiter(redis_url or None), SendCounters(redis_url or None)
    try:
        yield Sender(
            pool, adapters, builder, notifier=notifier, rates=rates, counters=counters, name=name, limits=limits
        )
    finally:
        await counters.flush()
        for each in (rates, counters):
            await each.close()


@asynccontextmanager
async def run_intake(
    pool: Pool,
    reference: Reference,
    notifier: Notifier,
    reparse: Reparse,
    *,
    spool_folder: Path,
    language: Language = Language.HEBREW,
    now: Callable[[], datetime] = clock.now,
    when_broken: "Callable[[asyncio.Task[None]], None] | None" = None,
) -> AsyncIterator[Intake]:
    """Run an intake on a spool in this folder; at the end it takes in what waits.

    `language` is the organisation's own; `when_broken` is called when the intake ends, to see whether it broke.
    """
    context = DecisionContext(
        reference=reference, wording=Wording.load(default=language), default_language=language, now=now
    )
    spool = Spool.open(spool_folder)
    try:
        intake = Intake(pool, context, spool, notifier, reparse)
        running = asyncio.create_task(intake.run())
        if when_broken is not None:
            running.add_done_callback(when_broken)
        try:
            yield intake
        finally:
            intake.stop()
            await running
    finally:
        spool.close()


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    pool: Pool,
    intake_pool: Pool,
    reference: Reference,
    reparse_with: Callable[[Registry, Files], Reparse],
    when_broken: "Callable[[asyncio.Task[None]], None] | None" = None,
) -> AsyncIterator[Services]:
    """Open what the routes of the web work with, and run the intake behind them.

    `reparse_with` makes what reads a spooled payload again. Intake has a pool of its own, so that no screen can keep it
    waiting.
    """
    async with AsyncExitStack() as stack:
        notifier = await stack.enter_async_context(open_notifier(settings.redis_url))
        registry = await stack.enter_async_context(open_registry(settings.accounts, public_url=settings.public_url))
        files = open_files(settings)
        intake = await stack.enter_async_context(
            run_intake(
                intake_pool,
                reference,
                notifier,
                reparse_with(registry, files),
                spool_folder=settings.spool_folder,
                language=settings.default_language,
                when_broken=when_broken,
            )
        )
        counters = SendCounters(settings.redis_url or None)
        stack.push_async_callback(counters.close)
        redis = connect(settings.redis_url) if settings.redis_url else None
        if redis is not None:
            stack.push_async_callback(redis.aclose)
        yield Services(
            settings=settings,
            pool=pool,
            intake=intake,
            reference=reference,
            notifier=notifier,
            registry=registry,
            files=files,
            live_updates=LiveUpdates(pool, notifier, redis),
            counters=counters,
            redis=redis,
            trusted_proxies=networks(settings.trusted_proxies),
        )
