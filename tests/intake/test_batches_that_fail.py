"""What happens beside and behind a batch that fails: nothing is lost, and what every customer says stays in order."""

import asyncio
import time

import pytest
from desks import DANA, EMAIL, SMS, WHATSAPP
from steps import all_taken, said, slow_commit, soon

from gateway.domain.messages import ConsentSignal, ConsentWish, InboundMessage, Sender, StatusUpdate, Verification
from gateway.domain.people import mailto, tel, wa
from gateway.intake import intake as intake_module
from gateway.intake.intake import IntakeUnavailable
from gateway.intake.spool import Spool

NOA = tel("+972501234511")
STOP = ConsentSignal(endpoint=WHATSAPP.key, provider_id="S1", sender=Sender(address=DANA), wish=ConsentWish.STOP)
AWAY = OSError("PostgreSQL is away")


def message(desk, text, sender, *, endpoint=SMS, provider_id=None, **fields):
    return InboundMessage(
        endpoint=endpoint.key,
        provider_id=provider_id or desk.fresh(),
        sender=Sender(address=sender),
        text=text,
        full_text=text,
        **fields,
    )


async def away_for_once(desk, steps, text) -> None:
    """Let a batch that waits to write this find PostgreSQL away, and nothing after it."""
    steps.broken[text] = AWAY
    steps.held[text].set()
    async with asyncio.timeout(5):
        while not desk.intake.spool_size:
            await asyncio.sleep(0)
    steps.broken.clear()


async def test_a_poisoned_batch_is_over_before_the_next_begins(desk, monkeypatch):
    process = intake_module.process

    async def brittle(connection, submissions, tools, flight):
        if any("poison" in event.text for each in submissions for event in each.events):
            raise ZeroDivisionError("poison")
        await asyncio.sleep(0.05)
        return await process(connection, submissions, tools, flight)

    monkeypatch.setattr(intake_module, "process", brittle)
    async with asyncio.TaskGroup() as group:
        for text, number in [("first", 1), ("poison", 2), ("dana one", 3)]:
            group.create_task(desk.hear(text, sender=tel(f"+97250123450{number}")))
        await asyncio.sleep(0.01)
        group.create_task(desk.hear("dana two", sender=tel("+972501234503")))
    assert [text for text in await said(desk) if "dana" in text] == ["dana one", "dana two"]


async def test_what_was_decided_beside_a_batch_that_breaks_starts_over_after_it(desk, steps):
    going_on = steps.hold("poison")
    steps.broken["poison"] = ZeroDivisionError("poison")
    async with asyncio.TaskGroup() as group:
        await soon(desk, group, "dana one", "poison")
        await soon(desk, group, "noa", "omer", first_number=3)
        group.create_task(desk.hear("dana two", sender=tel("+972501234501")))
        assert ("reads", "noa", "omer") in steps.noted
        going_on.set()
    assert await said(desk) == ["dana one", "noa", "omer", "dana two"]
    assert ("writes", "noa", "omer") in steps.noted
    assert steps.noted.index(("writes", "dana one")) < steps.noted.index(("writes", "noa", "omer"))


async def test_what_was_decided_beside_a_batch_that_was_spooled_goes_behind_it(desk, steps):
    going_on = steps.hold("one")
    steps.broken["one"] = OSError("PostgreSQL is away")
    async with asyncio.TaskGroup() as group:
        await soon(desk, group, "one")
        await soon(desk, group, "two", first_number=2)
        going_on.set()
    assert ("writes", "two") not in steps.noted
    steps.broken.clear()
    async with asyncio.timeout(10):
        while await said(desk) != ["one", "two"]:
            await asyncio.sleep(0.05)


async def test_while_postgresql_is_away_all_that_waits_is_spooled_at_once(desk, monkeypatch):
    tries, process = [], intake_module.process

    async def away(_connection, submissions, *_):
        tries.append(len(submissions))
        await asyncio.sleep(0.1)
        raise AWAY

    monkeypatch.setattr(intake_module, "process", away)
    await desk.hear("one")
    before = len(tries)
    await asyncio.gather(*(desk.hear("more", sender=tel(f"+9725012346{number:02}")) for number in range(100)))
    assert len(tries) <= before + 1
    monkeypatch.setattr(intake_module, "process", process)
    await all_taken(desk)
    assert len(await said(desk)) == 101


async def test_what_a_provider_says_of_consent_goes_behind_a_batch_that_was_spooled(desk, steps):
    await desk.hear("הסר")
    steps.hold("התחל")
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.hear("התחל"))
        await asyncio.sleep(0.1)
        group.create_task(desk.take(STOP))
        await asyncio.sleep(0.1)
        await away_for_once(desk, steps, "התחל")
    await all_taken(desk)
    entries = await desk.rows("SELECT state FROM consent ORDER BY id")
    assert [entry["state"] for entry in entries] == ["opted_out", "opted_in", "opted_out"]


async def test_a_batch_that_breaks_beside_one_that_is_spooled_goes_behind_it(desk, steps, monkeypatch):
    await desk.hear("hello")
    process = intake_module.process

    async def brittle(connection, submissions, tools, flight):
        if any("poison" in event.text for each in submissions for event in each.events):
            raise ZeroDivisionError("poison")
        return await process(connection, submissions, tools, flight)

    monkeypatch.setattr(intake_module, "process", brittle)
    steps.hold("dana one")
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.hear("dana one"))
        await asyncio.sleep(0.1)
        group.create_task(desk.hear("poison", sender=NOA))
        group.create_task(desk.hear("dana two"))
        await asyncio.sleep(0.3)
        await away_for_once(desk, steps, "dana one")
    await all_taken(desk)
    assert await said(desk) == ["hello", "dana one", "dana two"]


async def test_a_batch_that_loses_its_connection_first_is_spooled_second(desk, steps):
    await desk.hear("hello")
    going_on = steps.hold("dana one")
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.hear("dana one"))
        await asyncio.sleep(0.2)
        group.create_task(desk.hear("dana two"))
        await asyncio.sleep(0.3)
        for which in ("wait_event_type = 'Lock'", "state = 'idle in transaction'"):
            ended = await desk.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
            )
            assert len(ended) == 1, which
        going_on.set()
    await all_taken(desk)
    assert await said(desk) == ["hello", "dana one", "dana two"]


async def test_a_batch_whose_commit_fails_stays_before_the_next(desk):
    await desk.hear("hello")
    disk_full = "RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'disk full'"
    async with slow_commit(desk, "dana one", then=disk_full), asyncio.TaskGroup() as group:
        group.create_task(desk.hear("dana one"))
        await asyncio.sleep(0.15)
        group.create_task(desk.hear("dana two"))
    await all_taken(desk)
    assert await said(desk) == ["hello", "dana one", "dana two"]


async def undeliverable(desk) -> StatusUpdate:
    """Have a message to Dana sent; gives the provider's word that her phone cannot be reached."""
    await desk.hear("hello")
    await desk.pool.execute("UPDATE delivery SET status = 'sent', provider_id = 'OUT1'")
    return StatusUpdate(endpoint=SMS.key, provider_id="OUT1", status="failed", error_code="30003", unreachable=True)


@pytest.mark.parametrize("case", ["two turns", "merging", "the same mail twice"])
async def test_two_batches_never_wait_for_each_other(desk, steps, case):
    mail, other = mailto("dana@example.com"), wa("IL.123")
    first = [message(desk, "one", NOA)]
    if case == "the same mail twice":
        first = [message(desk, "one", mail, endpoint=EMAIL, provider_id="<1>", verification=Verification.ALIGNED)]
        second = [
            message(desk, text, mail, endpoint=EMAIL, provider_id=provider_id, verification=Verification.NONE)
            for text, provider_id in (("copy", "<1>"), ("more", "<2>"))
        ]
    elif case == "two turns":
        first.append(await undeliverable(desk))
        second = [message(desk, "הסר", DANA), message(desk, "more", DANA)]
    else:
        first.append(await undeliverable(desk))
        await desk.hear("hi", sender=other, endpoint=WHATSAPP)
        one_hand = Sender(address=other, also=(DANA,))
        again = InboundMessage(
            endpoint=WHATSAPP.key, provider_id="W2", sender=one_hand, text="again", full_text="again"
        )
        second = [again]
    going_on = steps.hold("one")
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.take(*first))
        await asyncio.sleep(0.2)
        group.create_task(desk.take(*second))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        going_on.set()
    assert time.monotonic() - began < intake_module.COMMIT_SECONDS / 2


async def test_who_waits_for_a_batch_that_is_cancelled_is_told_to_send_it_again(desk, monkeypatch):
    process = intake_module.process

    async def cancelled(connection, submissions, tools, flight):
        if any(event.text == "one" for each in submissions for event in each.events):
            raise asyncio.CancelledError
        return await process(connection, submissions, tools, flight)

    monkeypatch.setattr(intake_module, "process", cancelled)
    with pytest.raises(IntakeUnavailable):
        await asyncio.wait_for(desk.hear("one"), 5)
    await asyncio.wait_for(desk.hear("two"), 5)
    assert await said(desk) == ["two"]


async def test_an_error_nobody_foresaw_is_logged_and_answered(desk, monkeypatch, capsys):
    async def broken(_payloads):
        raise RuntimeError("no thread can be started")

    monkeypatch.setattr(Spool, "append", broken)
    monkeypatch.setattr(intake_module, "process", broken)
    monkeypatch.setattr(intake_module, "is_away", lambda _: True)
    with pytest.raises(IntakeUnavailable):
        await asyncio.wait_for(desk.hear("one"), 5)
    assert "batch_failed" in capsys.readouterr().out
