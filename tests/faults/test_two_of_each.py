"""Two apps and two workers on one database: copies on both, a poison payload, and restarts one after the other."""

import asyncio
import random
import time

import pytest
from customers import Said, check, check_sent_once, say, sayings, signed
from town import Town

APPS = ("app", "app2")


async def test_twenty_copies_at_once_on_two_apps_are_one_message_and_one_answer(town: Town):
    await town.run("app", "app2", "worker")
    after = await town.newest_delivery()
    said = sayings(5)
    copies = [each for each in said for _ in range(20)]
    answered = await asyncio.gather(
        *(say(town, [each], apps=(APPS[n % 2],)) for n, each in enumerate(copies)),
    )
    assert all(answered), "a copy was refused"
    await town.settled(after)
    await check(town, said, {each.sid for each in said})
    await check_sent_once(town, after)
    # Counted, since ids skip when PostgreSQL has crashed before.
    assert await town.pool.fetchval("SELECT count(*) FROM delivery WHERE id > $1", after) == len(said)


async def test_a_poison_payload_in_the_middle_of_a_batch_harms_nobody_else(town: Town):
    await town.run("app", "worker")
    after = await town.newest_delivery()
    await town.pool.execute(
        "CREATE OR REPLACE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'poison'; END $$"
    )
    await town.pool.execute(
        "CREATE OR REPLACE TRIGGER poison BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.text = 'poison')"
        " EXECUTE FUNCTION poison()"
    )
    try:
        said = sayings(40)
        poison = Said(sid=sayings(1)[0].sid, phone=said[20].phone, text="poison")
        acknowledged = await say(town, [*said[:20], poison, *said[20:]], at_once=41)
    finally:
        await town.pool.execute("DROP TRIGGER poison ON message")
    assert acknowledged == {each.sid for each in [*said, poison]}
    body, _ = signed(town, poison)
    kept = await town.pool.fetch("SELECT problem FROM raw_payload WHERE body = $1", body.encode())
    assert len(kept) == 1
    assert "poison" in kept[0]["problem"]
    await town.settled(after)
    await check(town, said, acknowledged - {poison.sid})
    await check_sent_once(town, after)


@pytest.mark.parametrize("restarts", [2, pytest.param(20, marks=pytest.mark.slow)])
async def test_restarting_the_apps_and_workers_one_after_the_other_fails_no_webhook_and_sends_nothing_twice(
    town: Town, chance: random.Random, restarts: int
):
    await town.run("app", "app2", "worker", "worker2")
    after = await town.newest_delivery()
    said: list[Said] = []
    acknowledged: set[str] = set()
    over = asyncio.Event()

    async def customer() -> None:
        while not over.is_set():
            mine = sayings(1)
            said.extend(mine)
            acknowledged.update(await say(town, mine, apps=APPS, at_once=1, tries=2, wait_seconds=0))
            await asyncio.sleep(chance.uniform(0.01, 0.05))

    load = asyncio.gather(*(customer() for _ in range(6)))
    try:
        for turn in range(restarts):
            name = (*APPS, "worker", "worker2")[turn % 4] if restarts > 2 else APPS[turn % 2]
            began_at = time.monotonic()
            await town.stop(name)
            assert time.monotonic() - began_at < 20, f"{name} took too long to drain"
            await no_leases_of(town, name)
            await town.run(name)
    finally:
        over.set()
        await load
    assert acknowledged == {each.sid for each in said}, "refused by one app and, at once, by the other"
    await town.settled(after)
    await check(town, said, acknowledged)
    assert await check_sent_once(town, after) == 0


async def no_leases_of(town: Town, name: str) -> None:
    """A worker that stopped holds nothing any more."""
    held = await town.pool.fetchval(
        "SELECT count(*) FROM delivery WHERE status = 'sending' AND leased_by LIKE '%:' || $1::text || ':%'",
        str(town.processes[name].pid),
    )
    assert held == 0
