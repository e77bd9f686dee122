"""Live updates on open screens: what happens is shown at once, with Redis and without it."""

import asyncio

from gateway.redis.client import connect
from gateway.redis.keys import LIVE_UPDATES
from gateway.redis.notifier import Notifier
from gateway.web.server.live_updates import EVERYTHING, LONGEST_QUEUE, LiveUpdates


async def test_news_reach_an_open_screen_at_once(desk):
    answer = await desk.client.get("/live")
    assert answer.content_type == "text/event-stream"
    conversation = await desk.conversation_of()
    async with asyncio.timeout(10):
        while await desk.services.redis.pubsub_numsub(LIVE_UPDATES) != [(LIVE_UPDATES.encode(), 1)]:
            await asyncio.sleep(0.01)

    await desk.text("ועוד משהו")

    async with asyncio.timeout(2):
        while f"data: {conversation}\n".encode() != (line := await answer.content.readline()):
            assert line
    answer.close()


async def test_without_redis_news_come_from_the_database(desk, monkeypatch):
    monkeypatch.setattr("gateway.web.server.live_updates.POLL_SECONDS", 0.05)
    unheard = LiveUpdates(desk.pool, Notifier(None))
    with unheard.subscribe() as queue:
        polling = asyncio.create_task(unheard.poll())
        async with asyncio.timeout(10):
            assert await queue.get() == EVERYTHING, "nobody knows what changed before the first look"
        await desk.text("ועוד משהו")
        async with asyncio.timeout(10):
            assert await queue.get() == (await desk.conversation_of(),)
        polling.cancel()


async def test_while_redis_is_away_screens_look_at_everything_again(desk, monkeypatch):
    monkeypatch.setattr("gateway.web.server.live_updates.POLL_SECONDS", 0.05)
    away = LiveUpdates(desk.pool, Notifier(None), connect("redis://127.0.0.1:1"))
    with away.subscribe() as queue:
        polling = asyncio.create_task(away.poll())
        async with asyncio.timeout(3):
            assert await queue.get() == EVERYTHING
        polling.cancel()


async def test_a_screen_that_cannot_keep_up_is_told_to_look_at_everything(desk):
    with desk.services.live_updates.subscribe() as queue:
        for number in range(LONGEST_QUEUE + 5):
            desk.services.live_updates.tell((number,))
        assert queue.qsize() <= LONGEST_QUEUE
        assert await queue.get() == EVERYTHING


async def test_a_session_that_ended_ends_its_stream(desk, monkeypatch):
    monkeypatch.setattr("gateway.web.pages.live.BEAT_SECONDS", 0.05)
    answer = await desk.client.get("/live")
    await desk.pool.execute("DELETE FROM agent_session")

    async with asyncio.timeout(3):
        await answer.content.read()
