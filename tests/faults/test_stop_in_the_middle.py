"""STOP while hundreds of deliveries drain: once it is acknowledged, the provider gets nothing but the confirmation."""

import asyncio
import random

import people
import pytest
from customers import Said, say, sayings
from fault_proxy import NONE, Fault
from town import Town, until

from gateway.domain.outbox import Lane

# Slow enough that much is on its way whenever somebody says STOP.
SLOW_PROVIDER = Fault(latency_seconds=0.2)

_MORE_PARTS = """
    INSERT INTO delivery
        (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, part, text)
    SELECT message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, n, text
    FROM delivery, generate_series(1, $2::integer) AS n WHERE id > $1
"""
_OF_PERSON = """
    SELECT d.id, d.status, d.purpose FROM delivery AS d JOIN address AS a ON a.id = d.address_id
    WHERE a.uri = 'tel:' || $1 AND d.id > $2
"""


@pytest.mark.parametrize(
    ("contacts", "each", "stoppers"),
    [
        pytest.param(1, 300, 1, id="many to one who says STOP"),
        pytest.param(80, 4, 40, id="some to each of many, half of whom say STOP"),
        pytest.param(1, 1000, 1, id="a thousand to one", marks=pytest.mark.slow),
        pytest.param(1000, 5, 500, id="five to each of a thousand", marks=pytest.mark.slow),
    ],
)
async def test_nothing_is_handed_over_after_a_stop_was_acknowledged(
    town: Town, chance: random.Random, contacts: int, each: int, stoppers: int
):
    await town.run("app", "worker")
    town.provider.misbehave(SLOW_PROVIDER)
    await town.provider.cut_all()
    after = await town.newest_delivery()
    phones = await flood(town, contacts, each)
    await until(lambda: sent_at_least(town, after, max(3, contacts // 4)), seconds=60)
    stopping = chance.sample(phones, stoppers)

    async def stop(phone: str) -> None:
        await asyncio.sleep(chance.uniform(0, 0.5 if stoppers > 1 else 0))
        said = Said(sid=sayings(1)[0].sid, phone=phone, text="הסר")
        async with lines:
            assert await say(town, [said]) == {said.sid}
        had[phone] = await town.provider_counts()

    lines = asyncio.Semaphore(64)  # an app refuses more than a few hundred connections from one address
    had: dict[str, dict[str, int]] = {}
    await asyncio.gather(*(stop(phone) for phone in stopping))
    town.provider.misbehave(NONE)
    await town.provider.cut_all()
    await asyncio.sleep(0.5)
    finally_ = await town.provider_counts()
    suppressed = 0
    for phone in stopping:
        rows = await town.pool.fetch(_OF_PERSON, phone, after)
        late = [
            row["id"]
            for row in rows
            if row["purpose"] != "confirmation"
            and finally_.get(f"twilio:{row['id']}", 0) > had[phone].get(f"twilio:{row['id']}", 0)
        ]
        assert late == [], "handed over after STOP was acknowledged"
        assert {row["status"] for row in rows} & {"queued"} <= ({"queued"} if is_waiting(rows) else set())
        suppressed += sum(1 for row in rows if row["status"] == "suppressed")
    assert suppressed > 0, "the STOPs came too late to show anything"
    await town.pool.execute("DELETE FROM delivery WHERE id > $1 AND status = 'queued' AND purpose = 'notice'", after)


def is_waiting(rows: list) -> bool:
    """Whether the confirmation itself is what still waits."""
    return all(row["purpose"] == "confirmation" for row in rows if row["status"] == "queued")


async def flood(town: Town, contacts: int, each: int) -> list[str]:
    """Queue this many to each of so many new contacts; gives their phones. The bulk lane might rest at this hour."""
    before = await town.newest_delivery()
    endpoint_id = await town.pool.fetchval(
        "SELECT id FROM endpoint WHERE channel = 'sms' AND active ORDER BY id LIMIT 1"
    )
    async with town.pool.acquire() as connection, connection.transaction():
        await people.flood(connection, endpoint_id, contacts, lane=Lane.TRANSACTIONAL)
        await connection.execute(_MORE_PARTS, before, each - 1)
        rows = await connection.fetch(
            "SELECT DISTINCT uri FROM address JOIN delivery ON address_id = address.id WHERE delivery.id > $1", before
        )
    return [row["uri"].removeprefix("tel:") for row in rows]


async def sent_at_least(town: Town, after: int, count: int) -> bool:
    return count <= await town.pool.fetchval(
        "SELECT count(*) FROM delivery WHERE id > $1 AND status NOT IN ('queued', 'sending')", after
    )
