"""The application, the mail server and what tests of hostile input look at, on loopback over the real database."""

from collections.abc import AsyncIterator

import pytest
from web_kit import Office, running_office


@pytest.fixture
async def office(pool, redis, redis_url, tmp_path) -> AsyncIterator[Office]:
    """The application with its intake running, an empty Redis, and what a test needs to look behind it."""
    assert await redis.ping()
    async with running_office(pool, redis_url, tmp_path) as office:
        yield office


@pytest.fixture(scope="module")
async def standing_office(migrated_pool, redis_url, tmp_path_factory) -> AsyncIterator[Office]:
    """The same, once for all tests of a module, which begin with whatever was there before."""
    async with running_office(migrated_pool, redis_url, tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def rows(migrated_pool):
    """Count the rows of every table, so that a test can say that nothing was added anywhere."""

    async def count() -> dict[str, int]:
        tables = await migrated_pool.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        )
        names = [row["relname"] for row in tables]
        counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS count FROM {name}" for name in names)
        return {row["name"]: row["count"] for row in await migrated_pool.fetch(counts)}

    return count
