"""Handing claimed deliveries to the channels: a line for each endpoint, and so many workers that work it off.

A worker is a task that sends one delivery after the other. What came of each is told to whoever made the dispatcher;
nothing here knows the outbox.
"""

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from channels.contract import Adapter
from channels.errors import SendError
from gateway.domain.outbox import Claimed, Lane, OutcomeKind, Pause, SendOutcome
from gateway.outbox import outcomes
from gateway.outbox.breaker import REST_SECONDS, Breaker
from gateway.outbox.budgets import Limits
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.runtime import failpoints
from gateway.runtime.clock import now
from gateway.runtime.failpoints import Failpoint

_STOPPED = "the sender was stopped while handing it over, so it may or may not have gone out"
_NO_ANSWER = "the provider did not answer in time, so it may or may not have gone out"
_RESTS = "the provider cannot be reached or mostly fails; sending is tried again shortly"

_log = structlog.get_logger()


class Adapters(Protocol):
    """Where the sender finds the channel of an endpoint."""

    def adapter_for(self, endpoint_key: str) -> Adapter:
        """Give the adapter that sends from this endpoint."""
        ...


@dataclass(kw_only=True, slots=True)
class _Line:
    """What waits for one endpoint, each until when it may begin, and how many workers work it off. Replies go first."""

    replies: deque[tuple[Claimed, float]] = field(default_factory=deque)
    others: deque[tuple[Claimed, float]] = field(default_factory=deque)
    workers: int = 0

    def take(self) -> tuple[Claimed, float] | None:
        """Take the next, or None."""
        waiting = self.replies or self.others
        return waiting.popleft() if waiting else None


class Dispatcher:
    """Hands over what is lined up, to each endpoint so many at once as the limits say.

    `note` hears what came of every delivery, `rest` that an endpoint must rest, and `landed` that one more is no longer
    held. Run `watch_clock` for as long as anything is lined up.
    """

    def __init__(
        self,
        adapters: Adapters,
        builder: OutgoingBuilder,
        *,
        limits: Limits,
        note: Callable[[SendOutcome], None],
        rest: Callable[[Pause], None],
        landed: Callable[[], None],
    ) -> None:
        self._adapters, self._builder, self._limits = adapters, builder, limits
        self._note, self._tell_rest, self._tell_landed = note, rest, landed
        self._chance = random.Random()  # noqa: S311  (spreads retries, protects nothing)
        self._held: dict[int, Claimed] = {}
        self._lines: defaultdict[int, _Line] = defaultdict(_Line)
        self._tasks: set[asyncio.Task[None]] = set()
        self._began_at: dict[asyncio.Task[None], float] = {}
        self._breakers: defaultdict[int, Breaker] = defaultdict(Breaker)

    @property
    def held(self) -> Collection[Claimed]:
        """What is lined up or under way."""
        return self._held.values()

    @property
    def tasks(self) -> Collection["asyncio.Task[None]"]:
        """The workers at work."""
        return self._tasks

    def is_probing(self, endpoint_id: int) -> bool:
        """Whether one send is to show first that an endpoint works again."""
        return self._breakers[endpoint_id].is_probing

    def enqueue(self, claimed: Claimed, begin_until: float) -> None:
        """Hold a delivery until a worker is free for it; one more takes it where not all are busy."""
        self._held[claimed.delivery_id] = claimed
        line, is_reply = self._lines[claimed.endpoint_id], claimed.lane is Lane.REPLY
        (line.replies if is_reply else line.others).append((claimed, begin_until))
        if line.workers < self._limits.at_once + (self._limits.reserved if is_reply else 0):
            line.workers += 1
            worker = asyncio.create_task(self._work_off(line))
            self._tasks.add(worker)
            worker.add_done_callback(self._tasks.discard)

    async def _work_off(self, line: _Line) -> None:
        """Hand over what waits in a line, one after the other, until nothing does."""
        worker = asyncio.current_task()
        try:
            while worker and (taken := line.take()):
                await self._send(*taken, worker)
        finally:
            line.workers -= 1

    async def _send(self, claimed: Claimed, begin_until: float, worker: "asyncio.Task[None]") -> None:
        """Hand one delivery over and note what came of it; nothing that happens here stops the loop."""
        moment = now()
        is_available = True
        self._began_at[worker] = time.monotonic()
        try:
            outgoing = self._builder.outgoing(claimed, now=moment)
            adapter = self._adapters.adapter_for(claimed.endpoint_key)
            failpoints.hit(Failpoint.BEFORE_SEND)
            if time.monotonic() > begin_until:
                self._note(outcomes.postponed(claimed, moment))
                return
            receipt = await adapter.send(outgoing)
            failpoints.hit(Failpoint.AFTER_SEND)
            outcome = outcomes.accepted(claimed, receipt)
        except SendError as error:
            outcome, pause = outcomes.refused(claimed, error, now=now(), chance=self._chance)
            is_available = not (outcome.kind is OutcomeKind.RETRY or error.maybe_sent)
            if pause:
                self._rest(pause)
        except asyncio.CancelledError:
            if worker in self._began_at:
                self._note(outcomes.maybe_sent(claimed, _STOPPED))
                raise
            worker.uncancel()
            outcome, is_available = outcomes.maybe_sent(claimed, _NO_ANSWER), False
        except Exception as error:  # noqa: BLE001  (one bad delivery must not stop the others)
            _log.exception("a delivery met an unexpected error", delivery_id=claimed.delivery_id)
            outcome = outcomes.broken(claimed, error, now=now(), chance=self._chance)
        finally:
            self._began_at.pop(worker, None)
            self._landed(claimed)
        self._note(outcome)
        self._watch(claimed.endpoint_id, is_available=is_available)

    async def watch_clock(self) -> None:
        """Take back what a provider has not answered in time; one clock for all is cheaper than one for each."""
        tick = self._limits.send_seconds / 45
        while True:
            await asyncio.sleep(tick)
            latest = time.monotonic() - self._limits.send_seconds + tick
            for worker in [worker for worker, began_at in self._began_at.items() if began_at < latest]:
                del self._began_at[worker]
                worker.cancel()

    def _watch(self, endpoint_id: int, *, is_available: bool) -> None:
        if self._breakers[endpoint_id].note(is_available=is_available):
            self._rest(Pause(endpoint_id=endpoint_id, seconds=REST_SECONDS, reason=_RESTS))

    def _rest(self, pause: Pause) -> None:
        """Let nothing more leave from an endpoint for a while, what is in line for it included."""
        self._tell_rest(pause)
        self._give_back(self._lines[pause.endpoint_id])

    def _give_back(self, line: _Line) -> None:
        while taken := line.take():
            self._held.pop(taken[0].delivery_id, None)
            self._note(outcomes.postponed(taken[0], now()))

    def _landed(self, claimed: Claimed) -> None:
        self._held.pop(claimed.delivery_id, None)
        self._tell_landed()

    async def drain(self, seconds: float) -> None:
        """Give back what waits in line, and let what is under way finish, for so long at most."""
        for line in self._lines.values():
            self._give_back(line)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
