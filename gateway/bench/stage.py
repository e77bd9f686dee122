"""The stage a bench plays on: real servers in a folder of their own, the real app as a process, and many contacts."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from gateway.config import Settings, load_settings
from gateway.embedded.postgres import start_postgres
from gateway.embedded.valkey import start_valkey
from gateway.store.db import Pool, open_pool
from gateway.store.migrate import migrate
from gateway.usecases.sample import load_sample

_READY_SECONDS = 30

_MANY_CONTACTS = """
WITH born AS (
    INSERT INTO contact (name, language)
    SELECT 'bench ' || n, CASE WHEN n % 2 = 0 THEN 'he' ELSE 'en' END FROM generate_series(1, $1::integer) AS n
    RETURNING id
), numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM born),
talks AS (INSERT INTO conversation (contact_id, language) SELECT id, 'he' FROM numbered)
INSERT INTO address (contact_id, uri) SELECT id, 'tel:+97255' || lpad(n::text, 7, '0') FROM numbered
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Servers that run, a migrated database with the sample organisation, and how processes are to be configured."""

    folder: Path
    environ: Mapping[str, str]
    settings: Settings
    pool: Pool


@asynccontextmanager
async def stage(contacts: int) -> AsyncIterator[Stage]:
    """Set a stage with this many contacts, `number(0)` to `number(contacts - 1)`, and clear it away afterwards."""
    with tempfile.TemporaryDirectory(prefix="eshnav-bench-") as name:
        folder = Path(name)
        database, redis = start_postgres(folder / "postgres"), start_valkey(folder / "valkey")
        try:
            environ = _environ(folder, database.url, redis.url)
            await migrate(database.url)
            pool = await open_pool(database.url, max_size=4)
            await load_sample(pool)
            await pool.execute(_MANY_CONTACTS, contacts)
            await pool.execute("ANALYZE")
            yield Stage(folder=folder, environ=environ, settings=load_settings(environ), pool=pool)
            await pool.close()
        finally:
            redis.stop()
            database.stop()


def number(index: int) -> str:
    """Give the phone number of the contact at this place."""
    return f"+97255{index + 1:07d}"


def _environ(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    port, smtp_port, sandbox_port, sandbox_smtp_port = free_ports(4)
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ESHNAV_DATA": str(folder / "data"),
        "PORT": str(port),
        "SMTP_PORT": str(smtp_port),
        "SANDBOX_PORT": str(sandbox_port),
        "SANDBOX_SMTP_PORT": str(sandbox_smtp_port),
        "SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "warning",
    }


def free_ports(count: int) -> list[int]:
    """Find ports nobody listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def process(environ: Mapping[str, str], *module_and_arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of ours as a process for the while."""
    running = subprocess.Popen([sys.executable, "-m", *module_and_arguments], env=dict(environ))  # noqa: S603 - our own
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


async def answering(url: str) -> None:
    """Wait until something answers there.

    Raises:
        TimeoutError: nothing did.
    """
    async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
