"""A running web application on loopback, over the real database, with the sandbox's accounts."""

from collections.abc import AsyncIterator

import pytest
from web_kit import STRANGE, Office, running_office

from gateway.domain.agents import Role


@pytest.fixture
async def office(pool, redis_url, tmp_path) -> AsyncIterator[Office]:
    """The application with its intake running, and what a test needs to look behind it."""
    async with running_office(pool, redis_url, tmp_path) as office:
        yield office


@pytest.fixture
async def desk(office: Office) -> Office:
    """An office with an agent at work and a customer waiting."""
    await office.text(STRANGE)
    await office.hire(Role.AGENT)
    await office.log_in()
    return office
