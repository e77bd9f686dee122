"""Databases of a test's own, beside the one that all tests share; the embedded server only lets us make them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest


@asynccontextmanager
async def fresh_database(database_url: str, name: str) -> AsyncIterator[str]:
    """Make an empty database on the same server and give its URL; it is gone afterwards."""
    if "/eshnav?" not in database_url:
        pytest.skip("makes databases on the embedded server only")
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield database_url.replace("/eshnav?", f"/{name}?")
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()
