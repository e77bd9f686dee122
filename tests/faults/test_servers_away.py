"""PostgreSQL and Valkey away: frozen, stopped, cut off or emptied under load; what is answered and kept meanwhile."""

import asyncio
import random
import time
from dataclasses import replace

import pytest
import redis.asyncio as redis_module
from customers import Said, check, check_sent_once, mail, say, sayings
from fault_proxy import NONE, Fault
from town import Town, until


@pytest.mark.parametrize(
    ("how", "away_seconds"),
    [
        pytest.param("stopped", 2, id="stopped"),
        pytest.param("stopped", 20, id="stopped for long", marks=pytest.mark.slow),
        pytest.param("frozen", 20, id="frozen for long", marks=pytest.mark.slow),
        pytest.param("cut off", 20, id="cut off for long, and nobody told", marks=pytest.mark.slow),
    ],
)
async def test_while_postgresql_is_away_webhooks_and_mail_are_taken_and_replayed_in_order_once(
    town: Town, how: str, away_seconds: float
):
    await town.run("app", "worker")
    after = await town.newest_delivery()
    first, *others = sayings(11)
    talk = [first, *(replace(each, phone=first.phone, text=f"and {n}") for n, each in enumerate(others))]
    back = await go_away(town, how)
    began_at = time.monotonic()
    said = sayings(40)
    try:
        telling = asyncio.create_task(say(town, said, at_once=8))
        in_order = [bool(await say(town, [each], at_once=1)) for each in talk]
        codes = [await mail(town, f"away-{how}-{away_seconds}-{n}".replace(" ", "")) for n in range(3)]
        acknowledged = await telling
        waited = time.monotonic() - began_at
        await asyncio.sleep(max(0.0, away_seconds - waited))
    finally:
        await back()
    assert len(acknowledged) == len(said), "a webhook was refused"
    assert all(in_order)
    assert set(codes) <= {250, 451}
    await until(town.are_spools_empty, seconds=60, what="the spool to be replayed")
    stored = await town.pool.fetch(
        "SELECT provider_id FROM message WHERE direction = 'inbound' AND provider_id = ANY($1) ORDER BY id",
        [each.sid for each in talk],
    )
    assert [row["provider_id"] for row in stored] == [each.sid for each in talk], "out of order"
    subjects = [f"away-{how}-{away_seconds}-{n}".replace(" ", "") for n, code in enumerate(codes) if code == 250]
    mails = await town.pool.fetch(
        "SELECT subject FROM message WHERE direction = 'inbound' AND subject = ANY($1)", subjects
    )
    assert sorted(row["subject"] for row in mails) == sorted(subjects)
    await town.settled(after)
    await check(town, said, acknowledged)
    await check_sent_once(town, after)


async def go_away(town: Town, how: str):
    """Take PostgreSQL away; gives what brings it back."""
    if how == "stopped":
        await asyncio.to_thread(town.postgres.stop)
        return town.start_postgres
    if how == "frozen":
        try_next_route = town.freeze_postgres()
    else:
        town.database.pause()
        try_next_route = town.database.resume

    async def back() -> None:
        try_next_route()

    return back


async def test_connections_to_postgresql_that_break_anywhere_double_nothing(town: Town, chance: random.Random):
    await town.run("app", "worker")
    after = await town.newest_delivery()
    said, acknowledged = sayings(60), set()
    telling = asyncio.create_task(say(town, said, at_once=4, tries=20))
    for _ in range(8):
        town.database.fail_next(*(Fault(cut_after=chance.randint(1_000, 30_000)) for _ in range(6)))
        await asyncio.sleep(0.1)
        await town.database.cut_all()
    acknowledged = await telling
    town.database.misbehave(NONE)
    assert len(acknowledged) == len(said)
    await town.settled(after)
    await check(town, said, acknowledged)
    await check_sent_once(town, after)


@pytest.mark.parametrize("how", ["flushed", "killed", "silent"])
async def test_without_valkey_nothing_is_lost_and_work_goes_on_within_seconds(town: Town, how: str):
    await town.run("app", "worker")
    after = await town.newest_delivery()
    said = sayings(30)
    telling = asyncio.create_task(say(town, said, at_once=4))
    if how == "flushed":
        client = redis_module.Redis.from_url(town.valkey.url)
        for _ in range(5):
            await client.flushall()
            await asyncio.sleep(0.05)
        await client.aclose()
    elif how == "killed":
        await town.kill_valkey()
    else:
        town.redis.pause()
    try:
        acknowledged = await telling
        assert len(acknowledged) == len(said)
        assert await town.settled(after, seconds=30)
    finally:
        town.redis.resume()
    if how == "killed":
        await town.start_valkey()
    await check(town, said, acknowledged)
    await check_sent_once(town, after)
    last = sayings(1)
    assert await say(town, last)
    await town.settled(after, seconds=20)


async def test_an_app_that_starts_while_postgresql_is_away_says_so_and_works_once_it_is_back(town: Town):
    if town.is_running("app2"):
        await town.stop("app2")
    town.database.misbehave(Fault(cut_after=0, cut_request_after=0, reset=True))
    town.spawn("app2")
    said = sayings(5)
    try:
        await until(lambda: listens(town), seconds=60, what=town.last_words("app2"))
        acknowledged = await say(town, said, apps=["app2"])
    finally:
        town.database.misbehave(NONE)
    assert len(acknowledged) == len(said)
    await town.run("app2", "worker")
    await until(lambda: all_stored(town, said), seconds=60)
    await check(town, said, acknowledged)
    await town.stop("app2")


async def listens(town: Town) -> bool:
    try:
        async with town.http.get(f"{town.url('app2')}/healthz") as response:
            return response.ok
    except OSError:
        return False


async def all_stored(town: Town, said: list[Said]) -> bool:
    sids = [each.sid for each in said]
    return len(said) == await town.pool.fetchval("SELECT count(*) FROM message WHERE provider_id = ANY($1)", sids)


async def test_a_worker_that_starts_while_postgresql_is_away_ends_with_one_clear_line(town: Town):
    town.database.misbehave(Fault(cut_after=0, cut_request_after=0, reset=True))
    (town.folder / "worker2.log").unlink(missing_ok=True)
    town.spawn("worker2")
    assert await town.died("worker2") == 1
    assert "PostgreSQL at 127.0.0.1 cannot be used" in town.last_words("worker2")
    assert "Traceback" not in town.last_words("worker2")
