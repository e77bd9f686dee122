"""The embedded servers: they start on fresh and used data, keep what they are told, and end with their starter."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import pytest
import redis as redis_client

from gateway.embedded.account import Account
from gateway.embedded.postgres import running_url, start_postgres
from gateway.embedded.process import is_program, socket_folder
from gateway.embedded.valkey import start_valkey


@pytest.fixture
def data():
    """A folder that only root may enter, as a checkout in root's home is."""
    with tempfile.TemporaryDirectory(prefix="eshnav-embedded-") as name:
        yield Path(name)


async def ask(url: str, query: str):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def account_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_postgres_keeps_data_over_a_stop_and_a_start(data):
    first = start_postgres(data)
    assert running_url(data) == first.url
    await ask(first.url, "CREATE TABLE kept AS SELECT 'שלום' AS word")
    first.stop()
    assert running_url(data) is None
    started = time.monotonic()
    second = start_postgres(data)
    assert time.monotonic() - started < 5
    assert await ask(second.url, "SELECT word FROM kept") == "שלום"
    second.stop()


async def test_postgres_is_durable_private_and_not_root(data):
    server = start_postgres(data)
    try:
        for setting, expected in {"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""}.items():
            assert await ask(server.url, f"SHOW {setting}") == expected
        assert data.stat().st_mode & 0o777 == 0o700
        if os.geteuid() == 0:
            assert account_of(server.process.pid) != 0
    finally:
        server.stop()


@pytest.mark.faults
async def test_a_killed_postgres_starts_again_with_what_was_committed(data):
    server = start_postgres(data)
    await ask(server.url, "CREATE TABLE kept AS SELECT 7 AS number")
    server.process.kill()
    server.process.wait()
    again = start_postgres(data)
    assert await ask(again.url, "SELECT number FROM kept") == 7
    again.stop()


@pytest.mark.faults
def test_servers_end_when_their_parent_is_killed_and_the_next_start_works(data):
    program = (
        "import sys, time; from pathlib import Path; from gateway.embedded.postgres import start_postgres;"
        "from gateway.embedded.valkey import start_valkey; d = Path(sys.argv[1]);"
        "print(start_postgres(d / 'p').process.pid, start_valkey(d / 'v').process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(data)], stdout=subprocess.PIPE)
    children = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 10
    while any(is_program(pid, "") for pid in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(is_program(pid, "") for pid in children)
    start_postgres(data / "p").stop()


def test_valkey_never_evicts_and_keeps_data_over_a_stop_and_a_start(data):
    server = start_valkey(data)
    client = redis_client.Redis.from_url(server.url)
    assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    client.set("kept", "yes")
    client.close()
    server.stop()
    server = start_valkey(data)
    client = redis_client.Redis.from_url(server.url)
    assert client.get("kept") == b"yes"
    client.close()
    server.stop()


def test_a_path_too_long_for_a_socket_gets_a_short_one():
    long_path = Path("/") / ("deep-folder-name-" * 4) / ("deeper-folder-name-" * 4)
    assert len(str(socket_folder(long_path))) < 90
    assert socket_folder(long_path) == socket_folder(long_path)
    assert socket_folder(Path("/var/lib/eshnav")) == Path("/var/lib/eshnav")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another account")
def test_the_account_may_pass_a_closed_folder_but_not_read_it(data):
    inner = data / "closed" / "inner"
    (data / "closed").mkdir(mode=0o700)
    account = Account.for_data(inner)
    account.owns(inner)
    for folder, allowed in ((inner, True), (data / "closed", False)):
        listing = subprocess.run(
            ["ls", str(folder)],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
        assert (listing.returncode == 0) is allowed


def test_a_stop_reaches_a_server_that_ignores_ctrl_c(data):
    server = start_valkey(data)
    assert os.getpgid(server.process.pid) != os.getpgid(0)
    os.kill(server.process.pid, signal.SIGSTOP)
    server.stop(timeout_seconds=0.2)
    assert not server.is_running
