"""The health page: what waits, fails and comes in, who is alive, and what is held since a restore."""

import asyncio
import re

import people
import pytest
from redis import Redis as SyncRedis

from gateway.domain.agents import Role
from gateway.domain.outbox import Lane
from gateway.jobs.runner import enqueue
from gateway.operations import restore_guard
from gateway.redis.heartbeat import heartbeat, living


async def see(office, **headers) -> str:
    answer = await office.client.get("/operations/health", headers=headers)
    assert answer.status == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", await answer.text()))


@pytest.fixture
async def operator(office):
    await office.hire(Role.OPERATIONS)
    await office.log_in()


@pytest.mark.usefixtures("operator")
async def test_it_shows_what_waits_what_came_in_what_fails_and_who_is_alive(office, redis, redis_url):
    await office.text("שלום")
    endpoint_id = await office.pool.fetchval("SELECT endpoint_id FROM message WHERE direction = 'inbound'")
    await people.flood(office.pool, endpoint_id, 7, lane=Lane.BULK)
    await people.flood(office.pool, endpoint_id, 3, status="sent")
    await people.flood(office.pool, endpoint_id, 1, status="failed")
    await office.pool.execute("UPDATE endpoint SET paused_until = now() + interval '1 hour', paused_reason = 'blocked'")
    with SyncRedis.from_url(redis_url) as connection:
        enqueue(connection, "forget", once_in_seconds=60)
    beating = asyncio.create_task(heartbeat(redis_url, role="worker", name="host-7:42"))
    async with asyncio.timeout(5):
        while not await living(redis):
            await asyncio.sleep(0.01)

    page = await see(office)
    assert re.search(r"Bulk 7 \d+ s", page)
    assert re.search(r"Replies 1 \d+ s", page)
    assert "Background jobs Waiting 1" in page
    assert re.search(r"SMS 1 1 ", page)
    assert re.search(r"3 1 25.0%", page)
    assert "blocked" in page
    assert "host-7:42" in page
    assert "No worker is running" not in page

    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    assert "No worker is running" in await see(office)


@pytest.mark.usefixtures("operator")
async def test_a_refresh_fetches_the_middle_alone(office):
    part = await (await office.client.get("/operations/health", headers={"HX-Request": "true"})).text()
    assert "<html" not in part
    assert "outbox-title" in part


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("action", "status"),
    [pytest.param("release", "queued", id="send"), pytest.param("discard", "suppressed", id="give up")],
)
async def test_operations_decide_about_what_is_held_on_the_page(office, action, status):
    await office.text("שלום")
    await restore_guard.hold(office.pool)
    assert "Held after a restore: 1" in await see(office)
    answer = await office.client.post(f"/operations/health/{action}", data={"csrf": await office.csrf()})
    assert answer.status == 200
    assert await office.pool.fetchval("SELECT status FROM delivery") == status
    assert "Held after" not in await see(office)


async def test_agents_do_not_see_it(office):
    await office.hire(Role.AGENT)
    await office.log_in()
    assert (await office.client.get("/operations/health")).status == 403


@pytest.mark.usefixtures("operator")
async def test_without_redis_the_rest_is_shown(office, monkeypatch):
    async def away(*_names, **_more):
        raise ConnectionError

    monkeypatch.setattr(office.services.redis, "scan_iter", away)
    monkeypatch.setattr(office.services.redis, "pipeline", lambda **_: (_ for _ in ()).throw(ConnectionError()))
    page = await see(office)
    assert "Redis does not answer" in page
    assert "Outbox" in page
