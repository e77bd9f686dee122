"""Keeping a child process running: started again when it ends, ended when we end. What it does is not known here."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

import structlog

from gateway.runtime.supervisor import keep_running

_log = structlog.get_logger()


class Kept:
    """A Python module run as a program of its own; `told` is the one line it reads from standard input.

    Its last argument is our process id, so that it can end with us (`embedded.process.follow_parent`). It is started
    without running any Python between fork and exec, which could wait for ever for a lock of another thread of ours.
    """

    def __init__(self, module: str, *arguments: str, told: str = "") -> None:
        self._command: Sequence[str] = (sys.executable, "-m", module, *arguments, str(os.getpid()))
        self._told = told
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopping = False

    async def keep_running(self) -> None:
        """Run it, and again whenever it ends by itself, ever slower while it keeps ending."""
        await keep_running(self._run_once, is_stopping=lambda: self._is_stopping, ended=self._log_ended)

    async def stop(self, *, timeout_seconds: float) -> None:
        """Ask it to finish, once however often this is called, and kill it when that takes too long."""
        is_told, self._is_stopping = self._is_stopping, True
        if self._process is None:
            return
        if not is_told:
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def _run_once(self) -> int | None:
        self._process = self._start()
        return await asyncio.to_thread(self._process.wait)

    def _log_ended(self, code: int | None, wait: float) -> None:
        _log.warning("child_ended", command=" ".join(self._command[2:-1]), code=code, again_in=wait)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603  (our own)
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(f"{self._told}\n".encode())
        return process
