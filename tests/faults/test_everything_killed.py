"""kill -9 of anything at any instant under load: nothing acknowledged is lost or doubled, nothing is sent twice."""

import asyncio
import random

import pytest
from customers import check, check_sent_once, say, sayings
from town import Town

VICTIMS = ("app", "worker", "postgres", "valkey")


@pytest.mark.parametrize(
    ("rounds", "messages"),
    [pytest.param(3, 40, id="short"), pytest.param(20, 200, id="long", marks=pytest.mark.slow)],
)
async def test_whatever_is_killed_nothing_acknowledged_is_lost_or_doubled_and_nothing_is_sent_twice(
    town: Town, chance: random.Random, rounds: int, messages: int
):
    await town.run("app", "worker")
    after = await town.newest_delivery()
    everything, acknowledged = [], set()
    for round_ in range(rounds):
        victims = chance.sample(VICTIMS, k=chance.randint(1, 2)) if round_ else ["app", "worker"]
        # Callbacks would tell in time what became of most; without them only the provider's own list can.
        await town.provider_fault(rules={"callbacks": bool(round_ % 2)})
        said = sayings(messages)
        everything += said
        telling = asyncio.create_task(say(town, said, at_once=8, tries=200))
        for victim in victims:
            await asyncio.sleep(chance.uniform(0.0, 0.3))
            await kill(town, victim)
        acknowledged |= await telling
        assert len(acknowledged) == len(everything)
    await town.settled(after)
    await town.reconcile()
    await town.settled(after)
    await check(town, everything, acknowledged)
    await check_sent_once(town, after)


async def kill(town: Town, victim: str) -> None:
    """kill -9, and a supervisor that starts it again."""
    if victim == "postgres":
        await town.kill_postgres()
        await town.start_postgres()
    elif victim == "valkey":
        await town.kill_valkey()
        await town.start_valkey()
    else:
        pid = town.processes[victim].pid
        await town.kill(victim)
        await asyncio.sleep(0.5)
        if victim == "worker":
            await town.expire_leases(pid)
        town.spawn(victim)
