"""Keeping a child process running: started again when it ends, ended when we end. What it does is not known here."""

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from gateway.embedded.process import die_with_parent

_LONGEST_WAIT_SECONDS = 30.0
_STEADY_SECONDS = 60.0

_log = structlog.get_logger()


class Kept:
    """A Python module run as a program of its own; `told` is the one line it reads from standard input."""

    def __init__(self, module: str, *arguments: str, told: str = "") -> None:
        self._command: Sequence[str] = (sys.executable, "-m", module, *arguments)
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def keep_running(self) -> None:
        """Run it, and again whenever it ends by itself, ever slower while it keeps ending."""
        failures = 0
        while not self._is_stopping:
            started = time.monotonic()
            code = await self._run_once()
            if self._is_stopping:
                return
            failures = 0 if time.monotonic() - started > _STEADY_SECONDS else failures + 1
            wait = min(0.5 * 2 ** max(failures - 1, 0), _LONGEST_WAIT_SECONDS)
            _log.warning("a child ended by itself", command=" ".join(self._command[2:]), code=code, again_in=wait)
            await asyncio.sleep(wait)

    async def stop(self, *, timeout_seconds: float) -> None:
        """Ask it to finish, once however often this is called, and kill it when that takes too long."""
        is_told, self._is_stopping = self._is_stopping, True
        process = self._process
        if process is None or process.returncode is not None:
            return
        if not is_told:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), timeout_seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        if self._process.stdin is not None:
            self._process.stdin.write(f"{self._told}\n".encode())
            with suppress(ConnectionError):
                await self._process.stdin.drain()
            self._process.stdin.close()
        return await self._process.wait()
