"""How a command reaches the database: a configured one, the one `eshnav up` runs, or one started for the while."""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gateway.cli.preflight import migrate_or_explain
from gateway.config import Settings
from gateway.domain.errors import ConfigurationError
from gateway.embedded.postgres import running_url, start_postgres
from gateway.store.db import Pool, open_pool

Result = TypeVar("Result")


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for this process.

    Raises:
        ConfigurationError: another process holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError((f"Eshnav is already running on {data}; stop it, or set ESHNAV_DATA",)) from error
        os.set_inheritable(lock.fileno(), False)  # noqa: FBT003  (the call's only form)
        yield


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Give the URL of the database while a command needs it."""
    folder = settings.data / "postgres"
    url = settings.database_url or running_url(folder)
    if url:
        yield url
        return
    with only_one(settings.data):
        server = start_postgres(folder)
        try:
            yield server.url
        finally:
            server.stop()


def with_pool(settings: Settings, work: Callable[[Pool], Awaitable[Result]]) -> Result:
    """Run one piece of work against the migrated database."""

    async def run(url: str) -> Result:
        await migrate_or_explain(url)
        pool = await open_pool(url, max_size=4, erasure_key=settings.erasure_key)
        try:
            return await work(pool)
        finally:
            await pool.close()

    with database(settings) as url:
        return asyncio.run(run(url))
