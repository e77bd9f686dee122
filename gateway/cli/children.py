"""The processes `eshnav up` keeps running: in a group of their own, their lines prefixed, restarted when they die.

What the processes are is not known here.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.embedded.process import die_with_parent
from gateway.runtime.supervisor import keep_running

DRAIN_SECONDS = 20
_LONGEST_LINE_BYTES = 1 << 20


@dataclass(kw_only=True, slots=True)
class Child:
    """A process to keep running: its name, its command and its environment."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)

    async def keep_running(self) -> None:
        """Start the process, and start it again whenever it ends by itself, ever slower while it keeps ending."""
        await keep_running(self._run_once, is_stopping=lambda: self._stopping, ended=self._say_ended)

    async def stop(self) -> None:
        """Ask the process to finish what it is doing, and kill it when it takes longer than it may."""
        self._stopping = True
        if self.process is None or self.process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), DRAIN_SECONDS)
        except TimeoutError:
            self._say(f"did not finish within {DRAIN_SECONDS} s; killing it")
            self._signal(signal.SIGKILL)
            await self.process.wait()

    def kill(self) -> None:
        """End the process at once."""
        self._stopping = True
        if self.process is not None and self.process.returncode is None:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            try:
                os.kill(self.process.pid, number)
            except ProcessLookupError:
                return

    async def _run_once(self) -> int | None:
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self.environ),
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
            limit=_LONGEST_LINE_BYTES,
        )
        if self.process.stdout is not None:
            await self._copy(self.process.stdout)
        return await self.process.wait()

    async def _copy(self, lines: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await lines.readline()
            except ValueError:
                continue
            if not line:
                return
            self._say(line.decode(errors="replace").rstrip())

    def _say_ended(self, code: int | None, wait: float) -> None:
        self._say(f"ended by itself (exit code {code}); starting it again in {wait:g} s")

    def _say(self, line: str) -> None:
        sys.stdout.write(f"{self.name:<8}│ {line}\n")
        sys.stdout.flush()
