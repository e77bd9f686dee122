"""Two apps and two workers as plain processes: one takes it in, it is answered once, and the other's screens see it."""

import asyncio
import subprocess
import sys

import aiohttp
from customers import check, check_sent_once, say, sayings
from redis.asyncio import Redis
from town import Town

from gateway.access import accounts
from gateway.redis.heartbeat import living

PASSWORD = "a quiet window in the wall"


async def test_a_screen_of_one_app_sees_what_the_other_took_in_and_every_process_is_known(town: Town):
    await town.run("app", "app2", "worker", "worker2")
    after = await town.newest_delivery()
    await accounts.create_user(
        town.pool, email="noa@example.com", name="Noa", password=PASSWORD, role="agent", language="en"
    )
    seen: set[str] = set()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as screen:
        form = {"email": "noa@example.com", "password": PASSWORD}
        async with screen.post(f"{town.url('app2')}/login", data=form) as page:
            assert page.ok
        async with screen.get(f"{town.url('app2')}/live") as stream:
            listening = asyncio.create_task(listen(stream, seen))
            await asyncio.sleep(0.3)
            first, second = sayings(10), sayings(10)
            acknowledged = await say(town, first, apps=("app",)) | await say(town, second, apps=("app2",))
            ids = {
                str(row["conversation_id"])
                for row in await town.pool.fetch(
                    "SELECT conversation_id FROM message WHERE provider_id = ANY($1)", [each.sid for each in first]
                )
            }
            async with asyncio.timeout(10):
                while not ids <= seen:
                    await asyncio.sleep(0.05)
            listening.cancel()
    await town.settled(after)
    await check(town, [*first, *second], acknowledged)
    await check_sent_once(town, after)

    async with Redis.from_url(town.environ["REDIS_URL"]) as redis, asyncio.timeout(20):
        while sorted(each.role for each in await living(redis)) != ["app", "app", "worker", "worker"]:
            await asyncio.sleep(0.1)
    command = [sys.executable, "-m", "gateway.cli", "alive", "worker"]
    assert (await asyncio.to_thread(subprocess.run, command, env=town.environ, check=False)).returncode == 0


async def listen(stream: aiohttp.ClientResponse, seen: set[str]) -> None:
    async for line in stream.content:
        if line.startswith(b"data: "):
            seen.update(line.decode().removeprefix("data: ").strip().split(","))
