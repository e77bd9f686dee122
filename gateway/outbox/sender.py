"""The sender: a loop that claims what is due, has it handed to the channels, and writes down what came of it.

Handing over is `dispatcher`'s. What an outcome means is decided in `outcomes`, how it is written in `record`, how much
may start in `budgets`.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog
from msgspec.structs import replace

from gateway.domain.outbox import Claimed, OpenEndpoint, OutcomeKind, Pause, SendOutcome
from gateway.outbox import outcomes
from gateway.outbox.budgets import Limits, find_room, give_back, over_pair_limit
from gateway.outbox.dispatcher import Adapters, Dispatcher
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.outbox.record import settle
from gateway.outbox.store import deliveries
from gateway.outbox.sweeping import sweep
from gateway.redis.counters import SendCounters
from gateway.redis.notifier import Notifier
from gateway.redis.rate_limits import RateLimiter
from gateway.runtime import failpoints
from gateway.runtime.clock import now
from gateway.runtime.failpoints import Failpoint
from gateway.store.away import DATABASE_TROUBLE
from gateway.store.db import STATEMENT_SECONDS, Pool, lent

DRAIN_SECONDS = 20.0

_UNWRITABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
_POLL_SECONDS = 1.0
_END_SECONDS = 2.0
_DRY_SECONDS = 0.05
_GATHER_SECONDS = 0.02
_SWEEP_SECONDS = 5.0
_ENDPOINTS_SECONDS = 1.0
_PAIR_WAIT = timedelta(seconds=6)

_log = structlog.get_logger()


class Sender:
    """Sends what is due until told to stop. Any number of senders, in any processes, may run at once."""

    def __init__(
        self,
        pool: Pool,
        adapters: Adapters,
        builder: OutgoingBuilder,
        *,
        notifier: Notifier,
        rates: RateLimiter,
        counters: SendCounters,
        name: str,
        limits: Limits | None = None,
    ) -> None:
        self._pool, self._builder = pool, builder
        self._notifier, self._rates, self._counters = notifier, rates, counters
        self._name = name
        self._limits = limits or Limits()
        self._dispatcher = Dispatcher(
            adapters, builder, limits=self._limits, note=self._note, rest=self._rest, landed=self._landed
        )
        self._background: set[asyncio.Task[None]] = set()
        self._outcomes: list[SendOutcome] = []
        self._pauses: list[Pause] = []
        self._endpoints: list[OpenEndpoint] = []
        self._endpoints_at = 0.0
        self._paused: set[int] = set()
        self._wake, self._has_outcomes = asyncio.Event(), asyncio.Event()
        self._stopping = asyncio.Event()
        self._lost_a_claim = False
        self._enough = 0

    async def run(self) -> None:
        """Send until `stop` is called; then finish what is in flight, for at most 20 seconds, and return.

        Whatever else ends one of its loops is raised: a sender that only half works must not seem to be well.
        """
        loops = (
            self._claim_forever,
            self._settle_forever,
            self._sweep_forever,
            self._dispatcher.watch_clock,
            self._listen,
        )
        claiming, *helpers = [asyncio.create_task(loop()) for loop in loops]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            ended, _ = await asyncio.wait((stopping, claiming, *helpers), return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
            await asyncio.wait({claiming}, timeout=_END_SECONDS)
            await self._dispatcher.drain(DRAIN_SECONDS)
        finally:
            self._lost_a_claim |= not claiming.done()
            await self._end(stopping, claiming, *helpers, *self._dispatcher.tasks, *self._background)

    async def _end(self, *tasks: "asyncio.Task[object]") -> None:
        """End these tasks, leaving behind one that will not, and write down what they left."""
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_END_SECONDS)
        with suppress(*DATABASE_TROUBLE):
            await self._settle()
            if self._lost_a_claim:
                await self._release()

    async def _claim_forever(self) -> None:
        while not self._stopping.is_set():
            await self._round()

    def stop(self) -> None:
        """Claim nothing more, and let `run` come to its end."""
        self._stopping.set()
        self._wake.set()

    async def _round(self) -> None:
        """Claim once and line up everything claimed; rest when there was nothing, or while much is held."""
        self._wake.clear()
        begin_until = time.monotonic() + self._limits.begin_seconds
        try:
            claimed, is_dry = await self._claim()
        except DATABASE_TROUBLE as error:
            _log.warning("the outbox cannot be read", error=type(error).__name__)
            self._lost_a_claim = True
            await asyncio.sleep(_POLL_SECONDS)
            return
        if claimed:
            failpoints.hit(Failpoint.AFTER_CLAIM)
        for each in claimed:
            self._dispatcher.enqueue(each, begin_until)
        self._enough = len(self._dispatcher.held) // 2
        if not claimed or self._is_busy:
            await self._wait(self._wake, _DRY_SECONDS if is_dry or self._dispatcher.held else _POLL_SECONDS)

    @property
    def _is_busy(self) -> bool:
        """Whether most of what was held after the last claim still is: claiming seldom costs least."""
        return len(self._dispatcher.held) > self._enough

    async def _claim(self) -> tuple[list[Claimed], bool]:
        """Claim what may start now; what must wait after all is given back at once."""
        if self._lost_a_claim:
            await self._release()
        endpoints = await self._open_endpoints()
        probing = frozenset(each.endpoint_id for each in endpoints if self._dispatcher.is_probing(each.endpoint_id))
        room = await find_room(
            endpoints, self._dispatcher.held, limits=self._limits, rates=self._rates, probing=probing
        )
        if not room.budgets or room.slots <= 0:
            return [], room.is_dry or room.slots <= 0
        async with lent(self._pool, most_seconds=STATEMENT_SECONDS) as connection:
            claim = await deliveries.claim(
                connection,
                room.budgets,
                sender=self._name,
                slots=room.slots,
                slots_not_replies=room.slots_not_replies,
                slots_bulk=room.slots_bulk,
                promotions_a_day=self._limits.promotions_a_day,
                lease_seconds=self._limits.lease_seconds,
            )
        self._aside(give_back(room, endpoints, claim.claimed, rates=self._rates))
        if claim.refused_conversation_ids:
            await self._notifier.announce(claim.refused_conversation_ids, "delivery")
        return await self._withdraw(await self._put_off(claim.claimed)), room.is_dry

    async def _release(self) -> None:
        """Give back what a claim took whose answer was lost."""
        held = [claimed.delivery_id for claimed in self._dispatcher.held]
        held += [outcome.claimed.delivery_id for outcome in self._outcomes]
        async with lent(self._pool, most_seconds=STATEMENT_SECONDS) as connection:
            await deliveries.release(connection, held, sender=self._name)
        self._lost_a_claim = False

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        """Let something run that nobody waits for."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _put_off(self, claimed: tuple[Claimed, ...]) -> list[Claimed]:
        """Give back what it is not the time for, and keep the rest."""
        moment = now()
        crowded = await over_pair_limit(claimed, rates=self._rates)
        ready = []
        for each in claimed:
            if each.delivery_id in crowded:
                self._note(outcomes.postponed(each, moment + _PAIR_WAIT))
            elif later := outcomes.not_now(each, moment):
                self._note(later)
            else:
                ready.append(each)
        return ready

    async def _withdraw(self, claimed: list[Claimed]) -> list[Claimed]:
        """Leave out what its person opted out of while it was being claimed; give all back when nobody can tell."""
        if not claimed:
            return []
        try:
            async with lent(self._pool, most_seconds=STATEMENT_SECONDS) as connection:
                withdrawn = await deliveries.withdraw(
                    connection, [each.delivery_id for each in claimed], sender=self._name
                )
        except DATABASE_TROUBLE:
            for each in claimed:
                self._note(outcomes.postponed(each, now()))
            raise
        await self._notifier.announce(withdrawn.values(), "delivery")
        return [each for each in claimed if each.delivery_id not in withdrawn]

    async def _open_endpoints(self) -> list[OpenEndpoint]:
        """Give the endpoints that may send, as they were at most a second ago."""
        loop_time = asyncio.get_running_loop().time()
        if loop_time - self._endpoints_at > _ENDPOINTS_SECONDS:
            async with lent(self._pool, most_seconds=STATEMENT_SECONDS) as connection:
                self._endpoints = await deliveries.open_endpoints(connection, self._builder.endpoint_keys)
            self._endpoints_at = loop_time
        return self._endpoints

    def _rest(self, pause: Pause) -> None:
        """Let nothing more leave from an endpoint for a while."""
        self._pauses.append(pause)

    def _landed(self) -> None:
        if len(self._dispatcher.held) == self._enough:
            self._wake.set()

    def _note(self, outcome: SendOutcome) -> None:
        self._outcomes.append(outcome)
        self._has_outcomes.set()

    async def _settle_forever(self) -> None:
        while True:
            await self._has_outcomes.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            try:
                await self._settle()
            except DATABASE_TROUBLE as error:
                _log.warning("outcomes cannot be written yet", error=type(error).__name__, waiting=len(self._outcomes))
                await asyncio.sleep(_POLL_SECONDS)

    async def _settle(self) -> None:
        """Write down everything noted so far; what cannot be written stays noted."""
        batch = list(self._outcomes)
        self._has_outcomes.clear()
        if batch:
            failpoints.hit(Failpoint.BEFORE_SETTLE)
            try:
                await settle(self._pool, batch, sender=self._name)
            except _UNWRITABLE:
                await self._settle_singly(batch)
            except DATABASE_TROUBLE:
                self._has_outcomes.set()
                raise
            failpoints.hit(Failpoint.AFTER_SETTLE)
            del self._outcomes[: len(batch)]
        await self._after(batch)

    async def _settle_singly(self, batch: list[SendOutcome]) -> None:
        """Keep one outcome from holding up the others: a provider id that another delivery has already is left out."""
        for outcome in batch:
            try:
                await settle(self._pool, [outcome], sender=self._name)
            except _UNWRITABLE:
                _log.exception("an outcome could not be written whole", delivery_id=outcome.claimed.delivery_id)
                await settle(self._pool, [replace(outcome, provider_id=None)], sender=self._name)

    async def _after(self, batch: list[SendOutcome]) -> None:
        """Rest or wake endpoints, tell open screens, and look for what may follow."""
        await self._pause_endpoints(batch)
        self._counters.count((outcome.claimed.channel, outcome.kind) for outcome in batch)
        await self._notifier.announce(
            (each.claimed.conversation_id for each in batch if each.kind is not OutcomeKind.NOT_NOW), "delivery"
        )
        if not self._is_busy:
            self._wake.set()

    async def _pause_endpoints(self, batch: list[SendOutcome]) -> None:
        pauses, self._pauses = self._pauses, []
        longest = {pause.endpoint_id: pause for pause in sorted(pauses, key=lambda pause: pause.seconds)}
        recovered = {each.claimed.endpoint_id for each in batch if each.kind is OutcomeKind.SENT} & self._paused
        if not longest and not recovered:
            return
        try:
            async with lent(self._pool, most_seconds=STATEMENT_SECONDS) as connection:
                for pause in longest.values():
                    _log.warning("an endpoint rests", endpoint_id=pause.endpoint_id, reason=pause.reason)
                    await deliveries.pause_endpoint(connection, pause)
                await deliveries.end_pauses(connection, recovered)
        except DATABASE_TROUBLE:
            self._pauses += pauses
            raise
        self._paused = (self._paused - recovered) | set(longest)
        self._endpoints_at = 0.0

    async def _sweep_forever(self) -> None:
        while True:
            try:
                await self._notifier.announce(await sweep(self._pool), "delivery")
            except DATABASE_TROUBLE as error:
                _log.warning("the outbox cannot be swept", error=type(error).__name__)
            await self._counters.flush()
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _listen(self) -> None:
        async for _ in self._notifier.wake_ups():
            self._wake.set()

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
