"""The worker as it runs in earnest: a process of its own with RQ beside it, told what to do by its environment."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import people
import provider as providers
import psutil
import pytest
from msgspec.structs import replace
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from senders import settled, until

import worker as worker_process
from gateway.domain.channel import Channel
from gateway.domain.outbox import Lane
from gateway.jobs.runner import QUEUE, enqueue

ROOT = Path(__file__).parents[2]
SID = "AC" + "1" * 32
SMS = replace(people.SMS, account=SID, sends_per_second=500.0)


@asynccontextmanager
async def worker(
    database_url: str, redis_url: str, provider_url: str, data: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ESHNAV_DATA": str(data),
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_SMS_FROM": SMS.address,
        "TWILIO_API_BASE": provider_url,
        "LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "worker", cwd=ROOT, env=environ)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def sms(pool: asyncpg.Pool) -> int:
    return (await people.endpoints(pool, SMS))[Channel.SMS]


async def test_the_worker_sends_runs_jobs_and_stops_with_all_its_children(
    pool: asyncpg.Pool, redis: Redis, sms: int, database_url: str, redis_url: str, tmp_path: Path
):
    await people.flood(pool, sms, 100, lane=Lane.TRANSACTIONAL)
    row = await pool.fetchrow("SELECT id, contact_id FROM message LIMIT 1")
    async with providers.running() as provider, worker(database_url, redis_url, provider.url, tmp_path) as process:
        await pool.execute(
            "INSERT INTO attachment (message_id, contact_id, media_type, remote, state)"
            " VALUES ($1, $2, 'image/png', $3, 'waiting')",
            *(row["id"], row["contact_id"]),
            {"url": f"{provider.url}/not/there.png", "media_id": None, "endpoint": SMS.key},
        )
        assert await settled(pool, seconds=30) == {"sent": 100}
        async with asyncio.timeout(30):
            while await pool.fetchval("SELECT state FROM attachment") == "waiting":
                await asyncio.sleep(0.1)
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2

        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 25) == 0
        await until(lambda: not any(child.is_running() for child in children))
    assert len(provider.messages) == 100
    assert int(await redis.hget("eshnav:sends", "sms|sent") or 0) == 100


async def test_a_child_killed_at_any_moment_is_started_again(
    sms: int, redis: Redis, database_url: str, redis_url: str, tmp_path: Path
):
    assert sms
    assert redis
    async with worker(database_url, redis_url, "http://127.0.0.1:1", tmp_path) as process:
        main = psutil.Process(process.pid)
        await until(lambda: len(started(main)) == 2, seconds=20)
        for came_up_seconds in (0.0, 0.5):
            await asyncio.sleep(came_up_seconds)
            first = started(main)
            psutil.Process(min(first)).kill()
            await until(lambda first=first: len(started(main) - first) == 1, seconds=20)


async def test_a_worker_has_two_senders_and_both_end_with_it_however_it_ends(
    pool: asyncpg.Pool, redis: Redis, sms: int, database_url: str, redis_url: str, tmp_path: Path
):
    assert redis
    async with (
        providers.running(delay_seconds=0.05) as provider,
        worker(database_url, redis_url, provider.url, tmp_path) as process,
    ):
        main = psutil.Process(process.pid)
        await until(lambda: len(started(main, "sender")) == 1, seconds=20)
        psutil.Process(min(started(main, "sender"))).kill()
        await until(lambda: len(started(main, "sender")) == 1, seconds=20)
        async with asyncio.timeout(60):
            while await pool.fetchval("SELECT count(DISTINCT leased_by) FROM delivery") < 2:
                await people.flood(pool, sms, 200, lane=Lane.TRANSACTIONAL)
                await asyncio.sleep(0.2)
        children = main.children(recursive=True)
        main.kill()
        await until(lambda: not any(child.is_running() for child in children), seconds=25)
    assert provider.repeated == []


def started(main: psutil.Process, role: str = "gateway.jobs.runner") -> set[int]:
    """The children that run their own program by now, and are no mere copies of their parent any more."""
    found = set()
    for child in main.children():
        with suppress(psutil.Error):
            if role in child.cmdline():
                found.add(child.pid)
    return found


async def test_a_job_is_queued_once_in_its_stretch_of_time_without_pickle(redis: Redis, redis_url: str):
    assert redis

    def queue_both() -> tuple[bool, bool, list[str]]:
        with SyncRedis.from_url(redis_url) as connection:
            first, second = (enqueue(connection, "forget", once_in_seconds=10**9) for _ in range(2))
            jobs = Queue(QUEUE, connection=connection, serializer=JSONSerializer).get_jobs()
            return first, second, [job.func_name for job in jobs]

    assert await asyncio.to_thread(queue_both) == (True, False, ["gateway.jobs.work.forget"])


def test_the_senders_beside_the_first_send_no_bulk(monkeypatch):
    asked = []
    monkeypatch.setattr(worker_process, "follow_parent", lambda *_: None)
    monkeypatch.setattr(worker_process, "_run", lambda _work, limits=None: asked.append(limits))
    worker_process.send_for(1)
    worker_process.main()
    assert [limits and limits.bulk for limits in asked] == [0, None]
