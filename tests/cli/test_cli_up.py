"""`eshnav up` as a person runs it: ready soon, alive when a part dies, gone without a trace when told."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.embedded.process import is_program

NAMES = ("PORT", "SMTP_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT")


def free_ports(count: int) -> list[int]:
    listeners = [socket.socket() for _ in range(count)]
    for listener in listeners:
        listener.bind(("127.0.0.1", 0))
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="eshnav-up-") as folder:
        ports = {name: str(port) for name, port in zip(NAMES, free_ports(len(NAMES)), strict=True)}
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        yield {**kept, **ports, "ESHNAV_DATA": f"{folder}/var", "ESHNAV_CONFIG": "", "COLUMNS": "200"}


def answers(environ: dict[str, str], path: str = "/readyz", *, port: str = "PORT") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{environ[port]}{path}", timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def until(is_so, *, seconds: float) -> float:
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started


@contextmanager
def up(environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run it, its output in a file; whatever the test does, nothing is left behind."""
    with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "up"], env=environ, stdout=log, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield process, Path(log.name)
        except AssertionError as error:
            error.add_note(Path(log.name).read_text()[-3000:])
            raise
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def child_running(pid: int, word: str) -> int:
    """The pid of the child whose command line has this word."""
    for child in children(pid):
        if word in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
            return child
    return 0


@pytest.mark.faults
def test_it_starts_serves_survives_and_stops(environ):
    with up(environ) as (process, log):
        until(lambda: "First login" in log.read_text(), seconds=60)
        assert answers(environ, "/healthz")
        assert answers(environ, "/sandbox/", port="SANDBOX_PORT")
        assert re.search(r"First login, shown only now: \S+@\S+  password: \S+", log.read_text())

        app = child_running(process.pid, "app")
        os.kill(app, signal.SIGKILL)
        until(lambda: child_running(process.pid, "app") not in (0, app) and answers(environ), seconds=20)

        started = children(process.pid)
        assert len(started) == 5
        process.send_signal(signal.SIGINT)
        assert process.wait(45) == 0
        assert not any(is_program(child, "") for child in started)

    with up(environ) as (process, log):
        assert until(lambda: answers(environ), seconds=20) < 10  # 3 s by itself; tests may share the machine
        assert "First login" not in log.read_text()
        second = subprocess.run(
            [sys.executable, "-m", "gateway.cli", "up"],
            env={**environ, **{name: str(port) for name, port in zip(NAMES, free_ports(4), strict=True)}},
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 2
        assert "already running" in second.stderr

        mine = children(process.pid)
        process.kill()
        process.wait()
        until(lambda: not any(is_program(child, "") for child in mine), seconds=30)


def test_taken_ports_are_all_named_before_anything_starts(environ, tmp_path):
    taken = [socket.create_server(("127.0.0.1", int(environ[name]))) for name in ("PORT", "SANDBOX_SMTP_PORT")]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "up"],
        env={**environ, "ESHNAV_DATA": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=False,
    )
    for listener in taken:
        listener.close()
    assert done.returncode == 2
    assert "PORT is wrong" in done.stderr
    assert "SANDBOX_SMTP_PORT is wrong" in done.stderr
    assert not (tmp_path / "var" / "postgres").exists()


@pytest.mark.parametrize("command", ["app", "worker"])
def test_a_part_alone_says_which_servers_it_needs(environ, command):
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", command], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "DATABASE_URL is missing" in done.stderr
    assert "REDIS_URL is missing" in done.stderr


async def test_a_redis_that_evicts_is_refused(redis, redis_url, database_url, tmp_path):
    from gateway.cli.preflight import check_servers
    from gateway.domain.errors import ConfigurationError

    settings = load_settings({"ESHNAV_DATA": str(tmp_path), "DATABASE_URL": database_url, "REDIS_URL": redis_url})
    check_servers(settings)
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(ConfigurationError, match="noeviction"):
            check_servers(settings)
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")
