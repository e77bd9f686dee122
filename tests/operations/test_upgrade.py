"""An installation of an earlier version is upgraded and goes on: its rows, spool, jobs, logins and links still count.

What the earlier version wrote stands here and in `payloads/upgrade` as literals, and is not made with today's code.
"""

import asyncio
import os
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import provider as providers
import pytest
from aiohttp import ClientSession
from databases import fresh_database
from open_house import twilio_mac
from redis import Redis as SyncRedis
from rq import Queue
from rq.serializers import JSONSerializer
from senders import sending, settled, until
from typer.testing import CliRunner
from web_kit import PASSWORD

import app as app_process
from channels.email import token
from gateway.cli.main import app as command_line
from gateway.config import Settings, load_settings
from gateway.operations import restore_guard
from gateway.store.db import Pool, open_pool

TESTS = Path(__file__).parents[1]
UPGRADE = TESTS / "payloads" / "upgrade"
MIGRATIONS = TESTS.parent / "gateway" / "store" / "migrations"
EARLIER = (
    "0001_foundation",
    "0002_outbox",
    "0003_operating",
    "0004_problems_once",
    "0005_strangers",
    "0006_purposes",
    "0007_room",
)
SECRET = "a13e8adbfde6e8f2ad9497c57578e64ba76f5c9ed7b87b525c986ce12269dd6d"
UNSUBSCRIBE = "AAAAAAAAAAHS8mgLsK4szSUD-HlSda9m"
SESSION = {"eshnav": "3GDOPHG0F54yyCh6PTHq-_kOLXmdH3dP5udqoAssKDc"}
API_TOKEN = {"Authorization": "Bearer esh_GsHQOyJimIlyz3fWqvXYfHO4rqIj3ekiUAU4dzh3iZQ"}
SID = "AC" + "1" * 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """An installation after its upgrade; `applied` is what the command said."""

    settings: Settings
    environ: dict[str, str]
    pool: Pool
    provider: providers.Provider
    applied: str


async def database_as_it_was(url: str) -> None:
    """Make the database that the earlier version left behind."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())")
    for name in EARLIER:
        await connection.execute((MIGRATIONS / f"{name}.sql").read_text(encoding="utf-8"))
        await connection.execute("INSERT INTO migration (name) VALUES ($1)", name)
    await connection.execute((UPGRADE / "rows-at-0007.sql").read_text(encoding="utf-8"))
    await connection.close()


def spool_as_it_was(folder: Path) -> None:
    """Leave entries in a spool, each behind its length in four bytes."""
    entries = (UPGRADE / "spool.jsonl").read_bytes().splitlines()
    folder.mkdir()
    (folder / "0.spool").write_bytes(b"".join(struct.pack(">I", len(entry)) + entry for entry in entries))


@pytest.fixture
async def upgraded(database_url, redis_url, redis, tmp_path, monkeypatch) -> AsyncIterator[Installation]:
    assert redis
    async with providers.running() as provider, fresh_database(database_url, "eshnav_upgraded") as url:
        environ = {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "ESHNAV_DATA": str(tmp_path),
            "ESHNAV_SECRET": SECRET,
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": "token",
            "TWILIO_SMS_FROM": "+15005550006",
            "TWILIO_WHATSAPP_FROM": "+15005550010",
            "TWILIO_API_BASE": provider.url,
        }
        settings = replace(load_settings(environ), port=0)
        await database_as_it_was(url)
        spool_as_it_was(settings.spool_folder)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        result = await asyncio.to_thread(CliRunner().invoke, command_line, ["migrate"])
        assert result.exit_code == 0, result.output
        pool = await open_pool(url)
        yield Installation(settings=settings, environ=environ, pool=pool, provider=provider, applied=result.output)
        await pool.close()


async def test_exactly_the_migrations_since_are_applied_and_nothing_is_held(upgraded):
    newer = sorted(path.stem for path in MIGRATIONS.glob("*.sql") if path.stem > EARLIER[-1])
    assert upgraded.applied.split("\n")[:-1] == (newer or ["nothing to do"])
    assert (await restore_guard.look(upgraded.pool)).count == 0


async def test_what_waited_goes_out_once_and_not_to_whom_opted_out(upgraded):
    async with sending(upgraded.pool, *upgraded.settings.accounts):
        assert await settled(upgraded.pool) == {"sent": 3, "suppressed": 1}
    assert [message["To"] for message in upgraded.provider.messages] == ["whatsapp:+972501234567"] * 2


async def test_what_was_spooled_is_taken_in_and_a_report_finds_its_delivery(upgraded):
    spool, pool = upgraded.settings.spool_folder / "0.spool", upgraded.pool
    async with app_process.serving(upgraded.settings) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        await until(lambda: not spool.exists())
        rows = await pool.fetch("SELECT conversation_id, text FROM message WHERE direction = 'inbound' AND id > 8")
        assert [tuple(row) for row in rows] == [(1, "Still waiting / עדיין מחכה")]
        target = "/webhooks/twilio/status?delivery=1"
        form = {
            "MessageSid": "SM00000000000000000000000000000028",
            "MessageStatus": "delivered",
            "AccountSid": SID,
            "From": "+15005550006",
        }
        mac = twilio_mac("token", upgraded.settings.public_url + target, list(form.items()))
        answer = await session.post(target, data=form, headers={"X-Twilio-Signature": mac})
        assert answer.status == 204
        assert await pool.fetchval("SELECT status FROM delivery WHERE id = 1") == "delivered"


async def test_agents_programs_and_customers_find_everything_as_they_left_it(upgraded):
    async with app_process.serving(upgraded.settings) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        page = await (await session.get("/conversations/2", cookies=SESSION)).text()
        assert all(text in page for text in ("הכלב אכל את השלט", "On our way", "Hello", "C-10014"))
        told = {"email": "noa@example.com", "password": PASSWORD}
        assert (await session.post("/login", data=told, allow_redirects=False)).status == 303
        again = await session.post(
            "/api/v1/conversations/1/messages",
            json={"text": "On our way / בדרך", "purpose": "reply"},
            headers=API_TOKEN | {"Idempotency-Key": "order-1"},
        )
        assert (again.status, await again.json()) == (202, {"id": 6})
        assert (await session.post(f"/unsubscribe/{UNSUBSCRIBE}")).status == 200
        stopped = await upgraded.pool.fetchval("SELECT opted_out FROM address WHERE id = 1")
        assert {"notice", "survey", "marketing"} <= set(stopped)


@pytest.mark.parametrize("function", ["fetch_media", "reconcile", "forget"])
async def test_a_job_that_waited_in_redis_is_run(upgraded, redis_url, function):
    def queue_as_before() -> None:
        with SyncRedis.from_url(redis_url) as connection:
            queue = Queue("eshnav", connection=connection, serializer=JSONSerializer)
            queue.enqueue(f"gateway.jobs.work.{function}", job_id=f"{function}-1", result_ttl=60)

    def result() -> str:
        with SyncRedis.from_url(redis_url) as connection:
            return Queue("eshnav", connection=connection, serializer=JSONSerializer).fetch_job(f"{function}-1")

    await asyncio.to_thread(queue_as_before)
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.jobs.runner", "worker", str(os.getpid())),
        cwd=TESTS.parent,
        env=os.environ | upgraded.environ,
        stdin=asyncio.subprocess.PIPE,
    )
    worker.stdin.write(f"{redis_url}\n".encode())
    try:
        await until(lambda: result().get_status(refresh=True) in ("finished", "failed"), seconds=30)
        assert result().get_status(refresh=True) == "finished"
    finally:
        worker.terminate()
        await worker.wait()


def test_an_answer_to_a_mail_sent_before_finds_its_conversation():
    found = token.read(
        "aaaaaaaaaec3bcxxa2b6bsjpe4hgfkn3x7v2ihi",
        mailbox="support@example.com",
        now=datetime(2027, 3, 1, tzinfo=UTC),
        secret="0123456789abcdef" * 2,
    )
    assert found == 1
