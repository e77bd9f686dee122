"""Preparing an app's database when it starts: the schema brought up to date, and what decisions refer to loaded.

An app that starts while PostgreSQL is away goes on trying, and takes webhooks and mail on its spool until then.
"""

import asyncio

import structlog

from gateway.domain.channel import Endpoint
from gateway.intake.reference import Reference
from gateway.store.away import is_away
from gateway.store.db import Pool
from gateway.store.migrate import migrate

_AGAIN_SECONDS = 0.5

log = structlog.get_logger(__name__)


async def prepare(database_url: str, pool: Pool, known: Reference, endpoints: tuple[Endpoint, ...]) -> None:
    """Migrate and load, trying again for as long as PostgreSQL is away.

    Raises:
        ConfigurationError: the database was made by a newer version.
        asyncpg.PostgresError: the database is there and refuses.
    """
    was_away = False
    while True:
        try:
            await migrate(database_url)
            async with pool.acquire() as connection:
                await known.load(connection, endpoints)
        except Exception as error:
            if not is_away(error):
                raise
            if not was_away:
                log.warning("database_away_at_start", error=type(error).__name__, until_then="spooling")
            was_away = True
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            if was_away:
                log.warning("database_is_back")
            return
