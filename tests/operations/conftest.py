"""A running application whose pool knows the erasure key, as in earnest."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from web_kit import Office, running_office

from gateway.config import load_settings
from gateway.store.db import open_pool


@pytest.fixture
async def keyed_pool(pool: asyncpg.Pool, database_url: str, tmp_path) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the empty database, opened as the processes open them."""
    assert pool
    settings = load_settings({"ESHNAV_DATA": str(tmp_path)})
    opened = await open_pool(database_url, max_size=6, erasure_key=settings.erasure_key)
    yield opened
    await opened.close()


@pytest.fixture
async def office(keyed_pool: asyncpg.Pool, redis_url: str, tmp_path) -> AsyncIterator[Office]:
    """The application with its intake running."""
    async with running_office(keyed_pool, redis_url, tmp_path) as office:
        yield office
