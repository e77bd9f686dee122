"""What a crash in the middle of sending leaves behind, and how it is found out what became of it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import people
import provider as providers
import pytest
from people import draft, queue, someone, twilio
from provider import Provider
from senders import builder, sending, settled, until

from channels.registry import Registry
from gateway.domain.channel import Channel
from gateway.domain.outbox import Lane, Route
from gateway.outbox.reconcile import reconcile
from gateway.outbox.sweeping import sweep
from gateway.redis.notifier import Notifier

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"


@pytest.fixture
async def sms(pool: asyncpg.Pool) -> int:
    return (await people.endpoints(pool))[Channel.SMS]


async def ask(pool: asyncpg.Pool, provider: Provider) -> int:
    account = twilio(api_base=provider.url)
    registry, notifier = Registry([account], public_url="https://shop.example"), Notifier(None)
    try:
        return await reconcile(pool, registry, builder(account), notifier=notifier, wait_seconds=0)
    finally:
        await registry.close()
        await notifier.close()


async def expire(pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE delivery SET lease_until = now() - interval '1 second' WHERE status = 'sending'")
    await sweep(pool)


async def one_unknown(pool: asyncpg.Pool, sms: int, text: str = "שלום") -> int:
    person = await someone(pool)
    route = Route(address_id=person.address_ids["tel"], endpoint_id=sms, channel=Channel.SMS)
    [delivery_id] = await queue(pool, draft(person, route, text))
    await pool.execute("UPDATE delivery SET status = 'unknown', attempts = 1 WHERE id = $1", delivery_id)
    return delivery_id


async def test_a_lease_that_ran_out_leaves_it_unknown_and_nobody_sends_it_again(pool: asyncpg.Pool, sms: int):
    await one_unknown(pool, sms)
    await pool.execute("UPDATE delivery SET status = 'sending'")
    await expire(pool)
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url)):
        await asyncio.sleep(0.3)
        assert provider.requests == 0
    assert await pool.fetchval("SELECT status FROM delivery") == "unknown"
    assert await pool.fetchval("SELECT reason FROM delivery")


async def test_what_the_provider_has_is_adopted(pool: asyncpg.Pool, sms: int):
    await one_unknown(pool, sms, "here")
    async with providers.running() as provider:
        to = (await pool.fetchval("SELECT uri FROM address")).removeprefix("tel:")
        provider.messages.append({"sid": "SMfound", "To": to, "Body": "here", "date_created": FUTURE})
        assert await ask(pool, provider) == 1
    assert await pool.fetchrow("SELECT status, provider_id FROM delivery") == ("sent", "SMfound")


FUTURE = "Fri, 01 Jan 2100 00:00:00 +0000"


async def test_what_is_proven_absent_is_sent_after_all(pool: asyncpg.Pool, sms: int):
    await one_unknown(pool, sms, "never came")
    async with providers.running() as provider:
        assert await ask(pool, provider) == 1
        async with sending(pool, twilio(api_base=provider.url)):
            assert await settled(pool) == {"sent": 1}
        assert provider.texts == ["never came"]


async def test_an_older_message_with_the_same_words_proves_nothing(pool: asyncpg.Pool, sms: int):
    await one_unknown(pool, sms, "thanks")
    await pool.execute(
        "INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane,"
        " purpose, text, status, provider_id) SELECT message_id, contact_id, conversation_id, address_id, endpoint_id,"
        " channel, lane, purpose, text, 'sent', 'SMtwin' FROM delivery"
    )
    async with providers.running() as provider:
        to = (await pool.fetchval("SELECT uri FROM address")).removeprefix("tel:")
        provider.messages.append({"sid": "SMtwin", "To": to, "Body": "thanks", "date_created": FUTURE})
        assert await ask(pool, provider) == 0
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'unknown'") == 1


async def test_while_the_provider_cannot_be_asked_it_stays_unknown(pool: asyncpg.Pool, sms: int):
    await one_unknown(pool, sms)
    provider = Provider(url="http://127.0.0.1:1")
    assert await ask(pool, provider) == 0
    assert await pool.fetchval("SELECT status FROM delivery") == "unknown"


async def test_it_is_asked_about_at_growing_distances(pool: asyncpg.Pool, sms: int):
    await one_unknown(pool, sms)
    await ask(pool, Provider(url="http://127.0.0.1:1"))
    assert await pool.fetchval("SELECT due_at > now() + interval '50 seconds' FROM delivery")


async def start(database_url: str, provider_url: str, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(SUPPORT / "sender_process.py"), database_url, provider_url, name),
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(SUPPORT)))},
    )


async def test_senders_killed_in_the_middle_send_nothing_twice_and_lose_nothing(
    pool: asyncpg.Pool, sms: int, database_url: str
):
    await people.flood(pool, sms, 1200, lane=Lane.TRANSACTIONAL)
    await pool.execute("UPDATE delivery SET text = 'n' || id")
    async with providers.running(delay_seconds=0.03) as provider:
        for round_ in range(3):
            process = await start(database_url, provider.url, f"victim-{round_}")
            target = len(provider.messages) + 60
            await until(lambda target=target: len(provider.messages) >= target, seconds=20)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        await expire(pool)
        left = await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'unknown'")
        assert left > 0
        while await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'unknown' AND due_at <= now()"):
            await ask(pool, provider)
        async with sending(pool, twilio(api_base=provider.url)):
            assert await settled(pool) == {"sent": 1200}
    assert provider.repeated == []
    assert len(provider.messages) == 1200
