"""A crash at every named place: after a restart nothing that was acknowledged is lost, and nothing is doubled."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from customers import Said, check, check_sent_once, mail, say, sayings
from fault_proxy import NONE, Fault
from town import Town

from gateway.domain.errors import ConfigurationError
from gateway.runtime.failpoints import Failpoint, arm

AWAY = Fault(cut_after=0, cut_request_after=0, reset=True)
BATCH, MAILS = 8, 2
BY_THE_SENDER = {
    Failpoint.AFTER_CLAIM,
    Failpoint.BEFORE_SEND,
    Failpoint.AFTER_SEND,
    Failpoint.BEFORE_SETTLE,
    Failpoint.AFTER_SETTLE,
}


async def texts(town: Town, said: list[Said], app: str) -> set[str]:
    return await say(town, said, apps=[app], at_once=4)


async def texts_while_the_database_is_away(town: Town, said: list[Said], app: str) -> set[str]:
    town.database.misbehave(AWAY)
    await town.database.cut_all()
    return await say(town, said, apps=[app], at_once=4)


async def texts_before_the_database_comes_back(town: Town, said: list[Said], app: str) -> set[str]:
    acknowledged = await texts_while_the_database_is_away(town, said, app)
    town.database.misbehave(NONE)
    await asyncio.sleep(1)
    return acknowledged


async def mails(town: Town, said: list[Said], app: str) -> set[str]:
    return {each.sid for each in said[:MAILS] if await mail(town, each.sid, app=app) == 250}


Drive = Callable[[Town, list[Said], str], Awaitable[set[str]]]
DRIVES: dict[Failpoint, Drive] = dict.fromkeys(Failpoint, texts) | {
    Failpoint.MAIL_PARSED: mails,
    Failpoint.MAIL_STORED: mails,
    Failpoint.BEFORE_SPOOL: texts_while_the_database_is_away,
    Failpoint.IN_SPOOL: texts_while_the_database_is_away,
    Failpoint.AFTER_SPOOL: texts_while_the_database_is_away,
    Failpoint.AFTER_REPLAY: texts_before_the_database_comes_back,
}


@pytest.mark.parametrize("kind", ["app", "worker"])
async def test_crashes_at_one_place_after_the_other_lose_and_double_nothing(town: Town, kind: str):
    await town.run("worker" if kind == "app" else "app")
    after = await town.newest_delivery()
    said, acknowledged = [], set()
    places = [place for place in Failpoint if (place in BY_THE_SENDER) == (kind == "worker")]
    victims = ["app", "app2"] if kind == "app" else ["worker"]
    for first in range(0, len(places), len(victims)):
        pair = dict(zip(victims, places[first : first + 2], strict=False))
        fresh, done = await crash(town, pair, passes=1)
        said, acknowledged = said + fresh, acknowledged | done
    await check_all(town, victims, said, acknowledged, after)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("place", Failpoint)
async def test_a_crash_the_nth_time_there_loses_and_doubles_nothing(
    town: Town, chance: random.Random, place: Failpoint, turn: int
):
    victim, bystander = ("worker", "app") if place in BY_THE_SENDER else ("app", "worker")
    await town.run(bystander)
    after = await town.newest_delivery()
    said, acknowledged = await crash(town, {victim: place}, passes=chance.randint(1, 2 + 4 * turn))
    await check_all(town, [victim], said, acknowledged, after)


async def crash(town: Town, places: dict[str, Failpoint], *, passes: int) -> tuple[list[Said], set[str]]:
    """Restart these parts, each to die at its place; give what was said to them, and what of that was acknowledged."""
    if set(places.values()) <= BY_THE_SENDER:
        await town.provider_fault(rules={"callbacks": False})  # which would tell in time what became of everything
    for victim, place in places.items():
        if town.is_running(victim):
            await town.kill(victim)
        town.spawn(victim, FAULT=f"{place}:{passes}")
    said, acknowledged = [], set()
    for victim in places:
        await town.ready(victim)
    for victim, place in places.items():
        try:
            fresh, done = await until_it_dies(town, victim, DRIVES[place])
        finally:
            town.database.misbehave(NONE)
        assert await town.died(victim) == -signal.SIGKILL, f"{place}: {town.last_words(victim)}"
        said += sent_as_mail(fresh) if DRIVES[place] is mails else fresh
        acknowledged |= done
    await town.expire_leases(*(town.processes[victim].pid for victim in places))
    return said, acknowledged


async def check_all(town: Town, victims: list[str], said: list[Said], acknowledged: set[str], after: int) -> None:
    """Start them again, say again what was not acknowledged, and count."""
    await town.run(*victims)
    letters = [each for each in said if not each.phone]
    texted = [each for each in said if each.phone]
    acknowledged |= await say(town, [each for each in texted if each.sid not in acknowledged], tries=50)
    for each in letters:
        assert each.sid in acknowledged or await mail(town, each.sid) == 250
    assert acknowledged >= {each.sid for each in texted}
    await asyncio.sleep(0.3)
    await town.reconcile()
    await town.settled(after)
    await check(town, texted, acknowledged & {each.sid for each in texted})
    await check_sent_once(town, after)
    subjects = [each.sid for each in letters]
    rows = await town.pool.fetch(
        "SELECT subject FROM message WHERE direction = 'inbound' AND subject = ANY($1)", subjects
    )
    assert sorted(row["subject"] for row in rows) == sorted(subjects)


def sent_as_mail(said: list[Said]) -> list[Said]:
    """What `mails` sent of these, as mails: without a phone."""
    return [replace(each, phone="") for index, each in enumerate(said) if index % BATCH < MAILS]


async def until_it_dies(town: Town, victim: str, drive: Drive) -> tuple[list[Said], set[str]]:
    """Drive the victim past the place until it is gone."""
    app = victim if victim.startswith("app") else "app"
    said: list[Said] = []
    acknowledged: set[str] = set()
    for _ in range(30):
        fresh = sayings(BATCH)
        said += fresh
        acknowledged |= await drive(town, fresh, app)
        if not town.is_running(victim):
            break
        await asyncio.sleep(0.1)
    return said, acknowledged


@pytest.mark.parametrize("fault", ["nowhere", "after_commit:0", "after_commit:often", "after_commit:-1"])
def test_a_fault_that_makes_no_sense_stops_the_process_at_once(fault: str):
    with pytest.raises(ConfigurationError, match="FAULT is wrong"):
        arm(fault)


@pytest.mark.parametrize("place", Failpoint)
def test_every_place_is_in_the_docs(place: Failpoint):
    page = Path(__file__).parents[2] / "docs" / "faults.md"
    assert f"`{place}`" in page.read_text(encoding="utf-8")
