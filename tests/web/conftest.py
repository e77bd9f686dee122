"""A running web application on loopback, over the real database, with the sandbox's accounts."""

from collections.abc import AsyncIterator

import pytest
from web_kit import Office, running_office


@pytest.fixture
async def office(pool, redis_url, tmp_path) -> AsyncIterator[Office]:
    """The application with its intake running, and what a test needs to look behind it."""
    async with running_office(pool, redis_url, tmp_path) as office:
        yield office
