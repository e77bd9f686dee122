"""`eshnav backup`, `eshnav restore` and `eshnav held`: a copy of the database, and what happens to what it owed."""

import asyncio
from pathlib import Path
from typing import Literal

import asyncpg
import typer

from gateway.cli.preflight import migrate_or_explain
from gateway.cli.reach import database, with_pool
from gateway.config import Settings
from gateway.domain.errors import Refused
from gateway.embedded.dumping import dump, restore
from gateway.operations import restore_guard
from gateway.redis.notifier import Notifier
from gateway.store.db import Pool


def run_backup(settings: Settings, file: Path) -> None:
    """Write the database into a file.

    Raises:
        GatewayError: PostgreSQL's tool failed, or the file is already there.
    """
    if file.exists():
        raise Refused(f"{file} is already there")
    with database(settings) as url:
        dump(url, file)
    typer.echo(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")


def run_restore(settings: Settings, file: Path) -> None:
    """Bring a backup back into an empty database, hold what it owed, and print how much that is.

    Raises:
        GatewayError: the database is not empty, or PostgreSQL's tool failed.
    """
    with database(settings) as url:
        if asyncio.run(_is_filled(url)):
            raise Refused("this database is not empty; restore into a new one")
        restore(url, file)
        asyncio.run(migrate_or_explain(url))
    _say(with_pool(settings, _hold))


def run_held(settings: Settings, what: Literal["show", "hold", "release", "discard"]) -> None:
    """Show what is held, hold what is owed, let it go out after all, or give it up."""

    async def work(pool: Pool) -> int:
        notifier = Notifier(settings.redis_url or None)
        try:
            if what == "release":
                return await restore_guard.release(pool, notifier=notifier)
            if what == "discard":
                return await restore_guard.discard(pool, notifier=notifier)
            return await (restore_guard.hold(pool) if what == "hold" else _count(pool))
        finally:
            await notifier.close()

    count = with_pool(settings, work)
    if what in ("show", "hold"):
        _say(count)
    else:
        typer.echo(f"{count} deliveries {'go out now' if what == 'release' else 'were given up'}")


def _say(count: int) -> None:
    typer.echo(
        f"{count} deliveries are held: `eshnav held release` lets them go out, `eshnav held discard` gives them up"
    )


async def _hold(pool: Pool) -> int:
    await restore_guard.hold(pool)
    return await _count(pool)


async def _count(pool: Pool) -> int:
    return (await restore_guard.look(pool)).count


async def _is_filled(url: str) -> bool:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        return bool(await connection.fetchval(query))
    finally:
        await connection.close()
