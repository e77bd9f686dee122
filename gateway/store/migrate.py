"""Numbered migrations, applied once each under an advisory lock; a database newer than this code is refused.

A database that turns out to be a restored copy is told so here too, before anything is sent from it.
"""

from importlib import resources

import asyncpg

from gateway.domain.errors import ConfigurationError
from gateway.store import restore_guard

_LOCK = 0x4573686E6176  # "Eshnav": every process that migrates takes this advisory lock first


async def migrate(database_url: str) -> list[str]:
    """Bring the schema up to date and name the migrations that were applied, oldest first; a restored copy is held.

    Raises:
        ConfigurationError: the database holds a migration that this version does not know.
        OSError, asyncpg.PostgresError: the database cannot be reached or refuses.
    """
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            applied = await _apply_missing(connection)
            await restore_guard.hold_if_restored(connection)
            return applied
    finally:
        await connection.close()


async def _apply_missing(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    known = _migrations()
    applied = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    if unknown := sorted(applied - known.keys()):
        raise ConfigurationError(
            (f"the database was made by a newer Eshnav (it has {', '.join(unknown)}); run that version or a newer one",)
        )
    missing = [name for name in known if name not in applied]
    for name in missing:
        await connection.execute(known[name])
        await connection.execute("INSERT INTO migration (name) VALUES ($1)", name)
    return missing


def _migrations() -> dict[str, str]:
    folder = resources.files("gateway.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in files}
