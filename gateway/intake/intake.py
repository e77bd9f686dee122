"""Intake: everything waiting at one moment is one batch and one transaction; what PostgreSQL cannot take is spooled.

`accept` returns only when the payload is committed or flushed to the spool, so that the acknowledgement means what it
says. While a batch is being written the next is read and decided (`slot`); what every customer says stays in
order. One poison payload fails alone and is kept raw for operations.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import structlog

from channels.contract import Request
from gateway.domain.errors import GatewayError
from gateway.domain.messages import Event
from gateway.intake.batch import BatchResult, process
from gateway.intake.inbound import InboundPayload
from gateway.intake.pipeline import BatchSlot, PreviousFailed
from gateway.intake.round import DecisionContext
from gateway.intake.spool import Spool
from gateway.intake.store import messages as store
from gateway.outbox.in_flight import wait_for_in_flight
from gateway.people.resolve import MergedMeanwhile
from gateway.redis.notifier import Notifier
from gateway.runtime import failpoints
from gateway.runtime.failpoints import Failpoint
from gateway.runtime.metrics import INTAKE_BATCH_SIZE, INTAKE_DECISIONS, INTAKE_PAYLOADS, INTAKE_SECONDS, SPOOL_SIZE
from gateway.store.away import is_away
from gateway.store.db import Pool, lent
from gateway.wording import Wording

log = structlog.get_logger(__name__)

Reparse = Callable[[Request], Awaitable[Sequence[Event]]]

BATCH_LIMIT = 200
SMALL_BATCH = 32
BATCHES_AT_ONCE = 2  # one being written, one being decided
COMMIT_SECONDS = 5.0
RETRY_AFTER_SECONDS = 0.5
_TRIES = 3

_RUN_AGAIN = (MergedMeanwhile, asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)


class IntakeUnavailable(GatewayError):
    """Neither PostgreSQL nor the disk can take messages now; the provider must be told to try again."""


@dataclass(kw_only=True, slots=True)
class _Waiting:
    submission: InboundPayload
    stored: asyncio.Future[None]
    since: float = field(default_factory=time.perf_counter)


class Intake:
    """Takes in payloads in batches. Run `run` as a task for as long as `accept` is used."""

    def __init__(
        self, pool: Pool, context: DecisionContext, spool: Spool, notifier: Notifier, reparse: Reparse
    ) -> None:
        self._pool = pool
        self._context = context
        self._spool = spool
        self._notifier = notifier
        self._reparse = reparse
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._slots: dict[BatchSlot, asyncio.Task[None]] = {}
        self._after: set[asyncio.Task[None]] = set()

    @property
    def wording(self) -> Wording:
        """The templates that replies are worded with."""
        return self._context.wording

    @property
    def spool_size(self) -> int:
        """How many payloads wait on disk for PostgreSQL."""
        return self._spool.size

    async def accept(self, request: Request, events: Sequence[Event]) -> None:
        """Store and route what came in; returns once it is committed, or safe on disk.

        Raises:
            IntakeUnavailable: it is neither; the provider must send it again.
        """
        if self._stopping:
            raise IntakeUnavailable("this process is stopping; send it again")
        waiting = _Waiting(
            submission=InboundPayload(payload=request, events=tuple(events)),
            stored=asyncio.get_running_loop().create_future(),
        )
        self._waiting.append(waiting)
        self._wake.set()
        await waiting.stored

    async def run(self) -> None:
        """Commit batch after batch until `stop`; whatever waits then is still taken in."""
        while not (self._stopping and not self._waiting):
            if self._spool.size:
                await self._all_landed()
                await self._work_off_spool()
            elif self._may_begin():
                self._begin(self._next_batch())
            else:
                self._wake.clear()
                await self._wake.wait()
        await self._all_landed()
        await asyncio.gather(*self._after)

    def stop(self) -> None:
        """Refuse what comes from now on, and let `run` end when nothing waits."""
        self._stopping = True
        self._wake.set()

    def _may_begin(self) -> bool:
        """Say whether what waits is a batch: beside one under way it is, if not much smaller than that one.

        Of a large and a small batch in turn neither would have anything to be decided beside.
        """
        if not self._waiting or not self._slots:
            return bool(self._waiting)
        *_, latest = self._slots
        return len(self._slots) < BATCHES_AT_ONCE and latest.is_decided and len(self._waiting) * 2 >= latest.size

    def _next_batch(self) -> list[_Waiting]:
        """Take half of all that is under way, so that there are two batches, as far as it waits."""
        under_way = len(self._waiting) + sum(slot.size for slot in self._slots)
        return self._take_out(max(under_way // BATCHES_AT_ONCE, SMALL_BATCH))

    def _take_out(self, most: int = BATCH_LIMIT) -> list[_Waiting]:
        return [self._waiting.popleft() for _ in range(min(most, BATCH_LIMIT, len(self._waiting)))]

    def _begin(self, batch: list[_Waiting]) -> None:
        before = next(reversed(self._slots), None)
        slot = BatchSlot(len(batch), before, self._wake.set)
        task = asyncio.create_task(self._take(batch, slot))
        self._slots[slot] = task
        task.add_done_callback(lambda ended: self._end(slot, batch, ended))

    def _end(self, slot: BatchSlot, batch: list[_Waiting], task: "asyncio.Task[None]") -> None:
        del self._slots[slot]
        slot.end()
        error = None if task.cancelled() else task.exception()
        if error:
            log.error("batch_failed", error=type(error).__name__, exc_info=error)
        if error or task.cancelled():
            _refuse([waiting for waiting in batch if not waiting.stored.done()])

    async def _all_landed(self) -> None:
        if self._slots:
            await asyncio.wait(self._slots.values())

    async def _take(self, batch: list[_Waiting], slot: BatchSlot) -> None:
        if self._spool.size:  # what came before lies there
            await self._put_on_spool(batch)
            return
        try:
            outcome = await self._commit([waiting.submission for waiting in batch], slot)
        except PreviousFailed:
            await slot.behind()
            await self._take(batch, slot)
        except Exception as error:  # noqa: BLE001 - whatever one payload breaks must not stop the others
            await slot.behind()
            if is_away(error):
                log.warning("database_away", error=type(error).__name__, spooled=len(batch))
                await self._put_on_spool(batch)
            else:
                await self._isolate(batch, error)
        else:
            _acknowledge([each for place, each in enumerate(batch) if place not in outcome.stopped], "committed")
            if outcome.stopped:
                self._aside(self._acknowledge_stops([batch[place] for place in outcome.stopped], outcome))

    async def _acknowledge_stops(self, stops: Sequence[_Waiting], outcome: BatchResult) -> None:
        contact_ids = [each for stopped in outcome.stopped.values() for each in stopped]
        try:
            await wait_for_in_flight(self._pool, contact_ids)
        finally:
            _acknowledge(stops, "committed")

    async def _commit(self, submissions: Sequence[InboundPayload], slot: BatchSlot) -> BatchResult:
        for _ in range(_TRIES - 1):
            with suppress(*_RUN_AGAIN):
                return await self._commit_once(submissions, slot)
        return await self._commit_once(submissions, slot)

    async def _commit_once(self, submissions: Sequence[InboundPayload], slot: BatchSlot) -> BatchResult:
        with slot.to_commit():
            async with lent(self._pool, most_seconds=COMMIT_SECONDS) as connection, connection.transaction():
                outcome = await process(connection, submissions, self._context, slot)
                slot.written()
                await slot.may_commit()
                failpoints.hit(Failpoint.BEFORE_COMMIT)
        failpoints.hit(Failpoint.AFTER_COMMIT)
        INTAKE_BATCH_SIZE.observe(len(submissions))
        self._tell(outcome)
        return outcome

    async def _isolate(self, batch: list[_Waiting], error: Exception) -> None:
        """Run a failed batch one payload at a time; the one that fails alone is kept raw, with what is wrong.

        No other batch begins before the last of it has ended.
        """
        if len(batch) > 1:
            for waiting in batch:
                await self._take([waiting], _alone(1))
            return
        log.error(
            "poison_payload", error=type(error).__name__, source=batch[0].submission.payload.source, exc_info=error
        )
        problem = f"taking it in failed: {type(error).__name__}: {error}"[:500]
        try:
            async with lent(self._pool, most_seconds=COMMIT_SECONDS) as connection:
                await store.keep_raw(connection, [batch[0].submission.payload], [problem])
        except Exception as second:
            if is_away(second):
                await self._put_on_spool(batch)
            else:
                log.exception("poison_payload_cannot_be_kept")
                _refuse(batch)
        else:
            _acknowledge(batch, "quarantined")

    async def _put_on_spool(self, batch: list[_Waiting]) -> None:
        failpoints.hit(Failpoint.BEFORE_SPOOL)
        try:
            await self._spool.append([waiting.submission.payload for waiting in batch])
        except OSError:
            log.exception("spool_failed")
            _refuse(batch)
        else:
            failpoints.hit(Failpoint.AFTER_SPOOL)
            _acknowledge(batch, "spooled")
        SPOOL_SIZE.set(self._spool.size)

    async def _work_off_spool(self) -> None:
        """Replay the oldest of the spool in order; what arrives meanwhile goes behind it, on disk."""
        if self._waiting:
            await self._put_on_spool(self._take_out())
        payloads = self._spool.peek(BATCH_LIMIT)
        try:
            submissions = [
                InboundPayload(payload=payload, events=tuple(await self._reparse(payload))) for payload in payloads
            ]
            await self._replay(submissions)
        except Exception as error:
            if not is_away(error):
                log.exception("spool_replay_failed")
            await self._pause()
        else:
            failpoints.hit(Failpoint.AFTER_REPLAY)
            self._spool.drop(payloads)
            SPOOL_SIZE.set(self._spool.size)

    async def _replay(self, submissions: Sequence[InboundPayload]) -> None:
        try:
            await self._commit(submissions, _alone(len(submissions)))
        except Exception as error:
            if is_away(error):
                raise
            if len(submissions) > 1:
                for submission in submissions:
                    await self._replay([submission])
                return
            log.exception("poison_payload_in_spool")
            async with lent(self._pool, most_seconds=COMMIT_SECONDS) as connection:
                await store.keep_raw(connection, [submissions[0].payload], [f"replay failed: {error}"[:500]])

    async def _pause(self) -> None:
        """Wait a moment for PostgreSQL, or until something new waits to be put on the spool."""
        self._wake.clear()
        if not self._waiting:
            try:
                await asyncio.wait_for(self._wake.wait(), RETRY_AFTER_SECONDS)
            except TimeoutError:
                return

    def _tell(self, outcome: BatchResult) -> None:
        for action, count in Counter(outcome.actions).items():
            INTAKE_DECISIONS.labels(action).inc(count)
        if outcome.conversation_ids or outcome.owes_sends:
            self._aside(self._notifier.announce(outcome.conversation_ids, "message", wakes_senders=outcome.owes_sends))

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        """Let something run that no other batch waits for."""
        task = asyncio.create_task(work)
        self._after.add(task)
        task.add_done_callback(self._after.discard)


def _alone(size: int) -> BatchSlot:
    """Give the slot of a batch that no other is before or behind."""
    return BatchSlot(size, None, lambda: None)


def _acknowledge(batch: Sequence[_Waiting], outcome: str) -> None:
    now = time.perf_counter()
    for waiting in batch:
        INTAKE_SECONDS.observe(now - waiting.since)
        if not waiting.stored.done():
            waiting.stored.set_result(None)
    INTAKE_PAYLOADS.labels(outcome).inc(len(batch))


def _refuse(batch: Sequence[_Waiting]) -> None:
    for waiting in batch:
        if not waiting.stored.done():
            waiting.stored.set_exception(IntakeUnavailable("neither the database nor the disk can take messages now"))
    INTAKE_PAYLOADS.labels("refused").inc(len(batch))
