"""Parsing mail in processes that may be killed: hostile mail costs its own time and memory, never the gateway's.

A child gets many mails at once and answers in order, so the oldest unanswered mail is the one it works on: when the
child dies or takes too long, that mail gets a stand-in, and the others go to another child.
"""

import asyncio
import os
import pickle
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from channels.contract import Request
from channels.email import message
from channels.email.verdict import NO_EVIDENCE, Evidence
from gateway.domain.account import MailAccount
from gateway.domain.messages import Event
from gateway.mail.child import HEADER

_CROWDED = 8
_TRIES = 5
_STARTING_SECONDS = 30.0


class _Died(Exception):
    """The child ended before it answered; `blamed` marks the mail it was working on."""

    def __init__(self, *, blamed: bool) -> None:
        self.blamed = blamed
        super().__init__()


class MailParser:
    """A few child processes, started when needed, that parse mail within limits of time and memory."""

    def __init__(
        self,
        account: MailAccount,
        *,
        workers: int = 2,
        cpu_seconds: int = 5,
        wall_seconds: float = 20.0,
        memory_bytes: int = 256 * 1024 * 1024,
    ) -> None:
        """Parse for `account`; `cpu_seconds` and `memory_bytes` bound one mail, `wall_seconds` one stuck child."""
        self._account = account
        self._settings = pickle.dumps((replace(account, relay_url=""), cpu_seconds, memory_bytes))
        self._workers = workers
        self._wall_seconds = wall_seconds
        self._children: list[_Child] = []
        self._starting = asyncio.Lock()

    async def parse(self, request: Request, evidence: Evidence = NO_EVIDENCE) -> Sequence[Event]:
        """Read every event of a mail; one that breaks the child becomes a stand-in that an agent sees. Never raises."""
        frame = pickle.dumps((request, evidence), pickle.HIGHEST_PROTOCOL)
        for _ in range(_TRIES):
            child = await self._choose()
            try:
                events: Sequence[Event] = pickle.loads(await child.ask(frame))  # noqa: S301 - from our own child
            except _Died as died:
                if died.blamed:
                    break
            else:
                return events
        return (message.unparsable(request, self._account, because="it took too much time or memory to read"),)

    async def _choose(self) -> "_Child":
        """Give the child with least to do; another is started while all are crowded."""
        async with self._starting:
            self._children = [child for child in self._children if not child.is_over]
            best = min(self._children, key=lambda child: child.waiting, default=None)
            if best is None or (best.waiting >= _CROWDED and len(self._children) < self._workers):
                best = await _start(self._settings, self._wall_seconds)
                self._children.append(best)
            return best

    async def close(self) -> None:
        """End the children."""
        children, self._children = self._children, []
        for child in children:
            await child.close()


async def _start(settings: bytes, wall_seconds: float) -> "_Child":
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.mail.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # none of our settings or secrets
    )
    child = _Child(process=process, wall_seconds=wall_seconds)
    child.begin(settings)
    return child


@dataclass(slots=True, eq=False)
class _Child:
    """One child process and the mails it holds, oldest first."""

    process: asyncio.subprocess.Process
    wall_seconds: float
    is_over: bool = False
    _held: deque[asyncio.Future[bytes]] = field(default_factory=deque)
    _timer: asyncio.TimerHandle | None = None
    _has_answered: bool = False
    _listening: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many mails it holds."""
        return len(self._held)

    def begin(self, settings: bytes) -> None:
        """Hand over the settings and listen for answers."""
        self._write(settings)
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, frame: bytes) -> bytes:
        """Give a mail and wait for its answer.

        Raises:
            _Died: the child ended first.
        """
        if self.is_over:
            raise _Died(blamed=False)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._held.append(future)
        self._write(frame)
        if len(self._held) == 1:
            self._arm()
        return await asyncio.shield(future)

    def _write(self, frame: bytes) -> None:
        assert self.process.stdin is not None  # noqa: S101 - we asked for a pipe
        self.process.stdin.write(HEADER.pack(len(frame)) + frame)

    def _arm(self) -> None:
        """Give the oldest mail its time; the first also waits for Python to start."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._held:
            seconds = self.wall_seconds + (0 if self._has_answered else _STARTING_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(seconds, self._kill)

    def _kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def _listen(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - we asked for a pipe
        try:
            while True:
                head = await self.process.stdout.readexactly(HEADER.size)
                answer = await self.process.stdout.readexactly(HEADER.unpack(head)[0])
                self._has_answered = True
                future = self._held.popleft()
                if not future.done():
                    future.set_result(answer)
                self._arm()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.is_over = True
            await self._bury()

    async def _bury(self) -> None:
        """Tell every mail still held that the child is gone; one that ended by itself in peace blames none."""
        if self._timer:
            self._timer.cancel()
        if self.process.stdin:
            self.process.stdin.close()
        code = await self.process.wait()
        held, self._held = self._held, deque()
        for index, future in enumerate(held):
            if not future.done():
                future.set_exception(_Died(blamed=index == 0 and code != 0))
                future.exception()

    async def close(self) -> None:
        """End the child: closing its input lets it leave; it is killed when it does not within two seconds."""
        self.is_over = True
        if self.process.stdin:
            self.process.stdin.close()
        if self._listening:
            try:
                await asyncio.wait_for(asyncio.shield(self._listening), 2)
            except TimeoutError:
                self._kill()
                await self._listening
