"""Starting, watching and ending one server process, and finding the folder its program sits in.

A server is in a process group of its own, so that Ctrl-C reaches us and not it; on Linux the kernel ends it when we
are killed, and elsewhere the next start ends a leftover by its pid file.
"""

import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from zlib import crc32

from gateway.domain.errors import GatewayError
from gateway.embedded.account import Account

_PR_SET_PDEATHSIG = 1
_SOCKET_PATH_LIMIT = 90


class ServerFailed(GatewayError):
    """An embedded server did not start; the message ends with what it wrote last."""


@dataclass(kw_only=True, slots=True)
class Server:
    """A running server of ours: the URL clients use, its process, and the signal that asks it to finish."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self.process.poll() is None

    def stop(self, *, timeout_seconds: float = 20) -> None:
        """Ask the server to finish and wait; kill it when it does not."""
        if not self.is_running:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wheel_folder(package: str) -> Path | None:
    """Find an installed wheel's folder without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def socket_folder(data: Path) -> Path:
    """Choose where the server's socket goes: its data folder, or a short one when that path is too long."""
    if len(os.fsencode(data)) <= _SOCKET_PATH_LIMIT:
        return data
    return Path(gettempdir()) / f"eshnav-{os.geteuid()}-{crc32(os.fsencode(data)):08x}"


def spawn(
    command: Sequence[str], *, account: Account, log: Path, stop_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start a server in its own process group, its output appended to a log file."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  (our own command, no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            process_group=0,
            preexec_fn=die_with_parent(stop_signal),  # noqa: PLW1509  (called before any thread of ours exists)
            user=account.uid,
            group=account.gid,
            extra_groups=account.other_groups,
        )


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], *, name: str, log: Path) -> None:
    """Wait up to a minute for a server to be ready (a crashed database may have to replay its log first).

    Raises:
        ServerFailed: it ended, or was not ready in time.
    """
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.02)
    process.kill()
    process.wait()
    last_words = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-8:])
    raise ServerFailed(f"{name} did not start:\n{last_words}")


def end_leftover(pid_file: Path, *, program: str, stop_signal: signal.Signals) -> None:
    """End a server that a killed parent left behind, when its pid file still names a process of that program."""
    try:
        pid = int(pid_file.read_text().split()[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return
    until = time.monotonic() + 30
    while is_program(pid, program) and time.monotonic() < until:
        os.kill(pid, stop_signal)
        time.sleep(0.1)


def is_program(pid: int, program: str) -> bool:
    """Tell whether a process is alive and is this program (a pid may have been reused)."""
    if Path("/proc/self/stat").exists():
        try:
            _, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")
        except OSError:
            return False
        name, _, state = rest.rpartition(") ")
    else:
        shown = subprocess.run(  # noqa: S603  (fixed command)
            ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        state, _, name = shown.strip().partition(" ")
    return bool(state) and not state.startswith("Z") and program in name


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Make the call that asks Linux to send the child this signal when we die; there is no such thing elsewhere."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(stop_signal))

    return ask


def follow_parent(pid: int, stop_signal: signal.Signals) -> None:
    """Get this signal when the parent with this process id dies; end at once if it has died already."""
    if ask := die_with_parent(stop_signal):
        ask()
    if os.getppid() != pid:
        sys.exit(f"The process {pid} that started this one is gone")
