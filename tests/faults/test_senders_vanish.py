"""Senders that die, stand still, or claim while somebody opts out: their work is taken up, and nothing leaves twice."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import asyncpg
import people
import provider as providers
import pytest
from people import draft, queue, someone, twilio
from senders import builder, sending, settled, until

from channels.registry import Registry
from gateway.domain.channel import Channel
from gateway.domain.outbox import Budget, Route
from gateway.outbox.budgets import Limits
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.outbox.reconcile import reconcile
from gateway.outbox.store import deliveries
from gateway.redis.notifier import Notifier

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"


@pytest.fixture
async def sms(pool: asyncpg.Pool) -> int:
    return (await people.endpoints(pool))[Channel.SMS]


async def owed(pool: asyncpg.Pool, sms: int, count: int) -> list[int]:
    """One message to each of so many people; gives their addresses."""
    address_ids = []
    for n in range(count):
        person = await someone(pool)
        address_ids.append(person.address_ids["tel"])
        await queue(
            pool, draft(person, Route(address_id=address_ids[-1], endpoint_id=sms, channel=Channel.SMS), f"n{n}")
        )
    return address_ids


async def test_what_is_claimed_while_its_person_opts_out_is_withdrawn(pool: asyncpg.Pool, sms: int):
    address_ids = await owed(pool, sms, 2)
    async with pool.acquire() as connection:
        claim = await deliveries.claim(
            connection,
            [Budget(endpoint_id=sms, most=10, most_not_replies=10)],
            sender="s",
            slots=10,
            slots_not_replies=10,
            promotions_a_day=2,
        )
        ids = [each.delivery_id for each in claim.claimed]
        await pool.execute("UPDATE address SET opted_out = '{any}' WHERE id = $1", address_ids[0])
        assert await deliveries.withdraw(connection, ids, sender="another") == {}
        withdrawn = await deliveries.withdraw(connection, ids, sender="s")
    stopped = await pool.fetchval("SELECT id FROM delivery WHERE address_id = $1", address_ids[0])
    assert list(withdrawn) == [stopped]
    assert await pool.fetchrow("SELECT status, attempts, lease_until FROM delivery WHERE id = $1", stopped) == (
        "suppressed",
        0,
        None,
    )


async def test_a_sender_that_stood_still_after_its_claim_gives_it_back_instead_of_sending_late(
    pool: asyncpg.Pool, sms: int, monkeypatch: pytest.MonkeyPatch
):
    await owed(pool, sms, 1)
    written, requests_then = OutgoingBuilder.outgoing, []

    def stand_still_once(self, claimed, *, now):
        if not requests_then:
            time.sleep(0.4)
            requests_then.append(provider.requests)
        return written(self, claimed, now=now)

    monkeypatch.setattr(OutgoingBuilder, "outgoing", stand_still_once)
    async with (
        providers.running() as provider,
        sending(pool, twilio(api_base=provider.url), limits=Limits(lease_seconds=1.2)) as sender,
    ):
        given_back = []
        note = sender._dispatcher._note
        monkeypatch.setattr(
            sender._dispatcher, "_note", lambda outcome: (given_back.append(outcome.kind), note(outcome))
        )
        assert await settled(pool) == {"sent": 1}
    assert given_back == ["not_now", "sent"]
    assert provider.requests == 1
    assert await pool.fetchval("SELECT attempts FROM delivery") == 1


@pytest.mark.parametrize(
    ("lease_seconds", "most_seconds"),
    [
        pytest.param(1.0, 12.0, id="a short lease"),
        pytest.param(60.0, 75.0, id="the real lease", marks=pytest.mark.slow),
    ],
)
async def test_what_a_dead_sender_held_is_taken_up_by_another(
    pool: asyncpg.Pool, sms: int, database_url: str, lease_seconds: float, most_seconds: float
):
    await owed(pool, sms, 6)
    async with providers.running() as provider:
        provider.script.extend([providers.HANG, (429, 20429, {"Retry-After": "3600"})])
        provider.script.extend([providers.HANG] * 4)
        victim = await start(database_url, provider.url, lease_seconds)
        await until(lambda: provider.requests == 6)
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        died_at = time.monotonic()
        provider.script.clear()
        lost = provider.messages.pop()
        await pool.execute("UPDATE endpoint SET paused_until = NULL")
        await pool.execute("UPDATE delivery SET due_at = now() WHERE status = 'queued'")
        async with sending(pool, twilio(api_base=provider.url), limits=Limits(lease_seconds=lease_seconds)):
            await settled_with_questions(pool, provider, seconds=most_seconds)
        took = time.monotonic() - died_at
    assert took < most_seconds
    assert provider.repeated == []
    assert sorted(provider.texts) == [f"n{n}" for n in range(6)]
    assert lost["Body"] in provider.texts


async def settled_with_questions(pool: asyncpg.Pool, provider: providers.Provider, *, seconds: float) -> None:
    """Wait until all is sent, asking the provider about unknown ones every three seconds, as the worker's job does."""
    account = twilio(api_base=provider.url)
    registry, notifier = Registry([account], public_url="https://shop.example"), Notifier(None)
    try:
        async with asyncio.timeout(seconds):
            while await pool.fetchval("SELECT count(*) FROM delivery WHERE status <> 'sent'"):
                await asyncio.sleep(0.5)
                await reconcile(pool, registry, builder(account), notifier=notifier)
    finally:
        await registry.close()
        await notifier.close()


async def start(database_url: str, provider_url: str, lease_seconds: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(SUPPORT / "sender_process.py"), database_url, provider_url, "victim", str(lease_seconds)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(SUPPORT)))},
    )


async def test_a_claim_whose_answer_was_lost_is_given_back_by_the_sender_itself(
    pool: asyncpg.Pool, sms: int, monkeypatch: pytest.MonkeyPatch
):
    await owed(pool, sms, 3)
    claim, lost = deliveries.claim, []

    async def lose_the_first_answer(*arguments, **named):
        answer = await claim(*arguments, **named)
        if answer.claimed and not lost:
            lost.extend(answer.claimed)
            raise ConnectionResetError
        return answer

    monkeypatch.setattr(deliveries, "claim", lose_the_first_answer)
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url)):
        assert await settled(pool, seconds=5) == {"sent": 3}
    assert len(lost) == 3
    assert len(provider.messages) == 3
    assert await pool.fetchval("SELECT max(attempts) FROM delivery") == 1
