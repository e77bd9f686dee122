"""The stage a bench plays on: real servers in a folder of their own, many contacts, and our processes as processes.

Filling a database takes seconds and copying it less than one, so `servers` are filled once and each `scene` has a copy.
"""

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import asyncpg

from gateway.config import Settings, load_settings
from gateway.embedded.postgres import start_postgres
from gateway.embedded.valkey import start_valkey
from gateway.intake import reference
from gateway.operations.restore_guard import hold_if_restored
from gateway.operations.sample import load_sample
from gateway.redis.client import connect
from gateway.store.db import Pool, open_pool
from gateway.store.migrate import migrate

_READY_SECONDS = 30
_DATABASE = "eshnav"

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
class Servers:
    """PostgreSQL with a migrated database, the sample organisation and its contacts in it, and Valkey."""

    folder: Path
    contacts: int
    database_url: str
    redis_url: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Servers that run, a database of one's own, and how processes are to be configured."""

    folder: Path
    contacts: int
    environ: Mapping[str, str]
    settings: Settings
    pool: Pool


@asynccontextmanager
async def stage(contacts: int) -> AsyncIterator[Stage]:
    """Set a stage with this many contacts, `number(0)` to `number(contacts - 1)`, and clear it away afterwards."""
    async with servers(contacts) as running, scene(running) as set_stage:
        yield set_stage


@asynccontextmanager
async def servers(contacts: int) -> AsyncIterator[Servers]:
    """Start the servers and fill the database that scenes copy."""
    with tempfile.TemporaryDirectory(prefix="eshnav-bench-") as name:
        folder = Path(name)
        database, redis = start_postgres(folder / "postgres"), start_valkey(folder / "valkey")
        try:
            await migrate(database.url)
            pool = await open_pool(database.url, max_size=1)
            await load_sample(pool)
            await pool.execute(_MANY_CONTACTS, contacts)
            await pool.execute("VACUUM (ANALYZE)")
            await pool.close()
            yield Servers(folder=folder, contacts=contacts, database_url=database.url, redis_url=redis.url)
        finally:
            redis.stop()
            database.stop()


@asynccontextmanager
async def scene(running: Servers, *, config: str = "") -> AsyncIterator[Stage]:
    """Give a fresh copy of the database and an empty Valkey.

    `config` is the text of an eshnav.toml; without one the sandbox stands in for every provider.
    """
    name = f"scene_{next(running.numbers)}"
    await _administer(running, f"CREATE DATABASE {name} TEMPLATE {_DATABASE}")
    redis = connect(running.redis_url, patience_seconds=10)
    await redis.flushall()
    await redis.aclose()
    folder = running.folder / name
    folder.mkdir()
    environ = _environ(folder, _url_of(running, name), running.redis_url, config)
    settings = load_settings(environ)
    pool = await open_pool(environ["DATABASE_URL"], max_size=4)
    try:
        await hold_if_restored(pool)  # a copy holds what it owes, and this one owes nothing yet
        async with pool.acquire() as connection:
            await reference.load(connection, settings.endpoints)
        yield Stage(folder=folder, contacts=running.contacts, environ=environ, settings=settings, pool=pool)
    finally:
        await pool.close()
        await _administer(running, f"DROP DATABASE {name} WITH (FORCE)")


def number(index: int) -> str:
    """Give the phone number of the contact at this place."""
    return f"+97255{index + 1:07d}"


def _url_of(running: Servers, database: str) -> str:
    return running.database_url.replace(f"/{_DATABASE}?", f"/{database}?")


async def _administer(running: Servers, command: str) -> None:
    connection = await asyncpg.connect(_url_of(running, "postgres"))
    try:
        await connection.execute(command)
    finally:
        await connection.close()


def _environ(folder: Path, database_url: str, redis_url: str, config: str) -> dict[str, str]:
    port, smtp_port, sandbox_port, sandbox_smtp_port = free_ports(4)
    (folder / "eshnav.toml").write_text(config)
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ESHNAV_CONFIG": str(folder / "eshnav.toml"),
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
