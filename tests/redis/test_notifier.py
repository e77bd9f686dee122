"""The notifier: what is announced is heard, and nobody notices when Redis is away."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from gateway.redis.notifier import LOOK_AGAIN, Announcement, Notifier


async def test_an_announcement_reaches_whoever_listens(redis_url: str):
    notifier = Notifier(redis_url)
    news = notifier.announcements()

    assert await anext(news) == Announcement(conversation_ids=(), kind=LOOK_AGAIN)
    await notifier.announce([7, 3, 7], "message")
    assert await anext(news) == Announcement(conversation_ids=(3, 7), kind="message")

    await news.aclose()
    await notifier.close()


async def test_a_listener_is_told_to_look_again_after_its_connection_was_cut(redis: Redis, redis_url: str):
    notifier = Notifier(redis_url)
    news = notifier.announcements()
    await anext(news)

    await redis.client_kill_filter(_type="pubsub")

    assert (await asyncio.wait_for(anext(news), 5)).kind == LOOK_AGAIN
    await news.aclose()
    await notifier.close()


async def test_news_and_ring_go_together(redis_url: str):
    notifier = Notifier(redis_url)
    news, wake_ups = notifier.announcements(), notifier.wake_ups()
    await anext(news)
    await anext(wake_ups)
    await notifier.announce([7], "message", wakes_senders=True)
    assert (await asyncio.wait_for(anext(news), 5)).conversation_ids == (7,)
    await asyncio.wait_for(anext(wake_ups), 5)
    await news.aclose()
    await wake_ups.aclose()
    await notifier.close()


async def test_senders_hear_the_doorbell(redis_url: str):
    notifier = Notifier(redis_url)
    wake_ups = notifier.wake_ups()
    await anext(wake_ups)

    await notifier.wake_senders()

    await asyncio.wait_for(anext(wake_ups), 1)
    await wake_ups.aclose()
    await notifier.close()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(None, id="no Redis was configured"),
        pytest.param("redis://127.0.0.1:1/0", id="the connection is refused"),
        pytest.param("unix:///nowhere/valkey.sock", id="the socket is not there"),
    ],
)
async def test_without_redis_ringing_costs_nothing_and_raises_nothing(url: str | None):
    notifier = Notifier(url)
    started = time.monotonic()
    for _ in range(100):
        await notifier.wake_senders()
        await notifier.announce([1], "message")
    assert time.monotonic() - started < 0.5
    await notifier.close()


async def test_a_redis_that_hangs_delays_the_caller_once_and_briefly():
    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    notifier = Notifier(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    started = time.monotonic()
    for _ in range(10):
        await notifier.wake_senders()
    assert time.monotonic() - started < 0.8
    await notifier.close()
    server.close()
