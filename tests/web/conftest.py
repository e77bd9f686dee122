"""A running web application on loopback, over the real database, with the sandbox's accounts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from web_kit import Office, make_services

from gateway.web.application import build


@pytest.fixture
async def office(pool, redis_url, tmp_path) -> AsyncIterator[Office]:
    """The application with its intake running, and what a test needs to look behind it."""
    services, spool, registry = await make_services(pool, redis_url, tmp_path)
    running = asyncio.create_task(services.intake.run())
    client = TestClient(TestServer(build(services)), cookie_jar=CookieJar(unsafe=True))
    await client.start_server()
    yield Office(client=client, services=services, pool=pool)
    await client.close()
    services.intake.stop()
    await running
    spool.close()
    await registry.close()
    await services.bell.close()
    await services.tally.close()
    await services.redis.aclose()
