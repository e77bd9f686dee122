"""Two batches in step: while one is written the next is decided, and what every customer says stays in order."""

import asyncio

import pytest
from desks import DANA, SMS, WHATSAPP
from steps import said, slow_commit, soon

from gateway.domain.messages import BounceReport, ConsentSignal, ConsentWish, NumberChange, Sender, StatusUpdate
from gateway.domain.people import tel
from gateway.intake import intake as intake_module

STOP = ConsentSignal(endpoint=WHATSAPP.key, provider_id="S1", sender=Sender(address=DANA), wish=ConsentWish.STOP)


async def test_what_arrives_while_a_batch_is_worked_on_is_one_batch(desk, monkeypatch):
    sizes, process, going_on = [], intake_module.process, asyncio.Event()

    async def noted(connection, submissions, tools, slot):
        sizes.append(len(submissions))
        await asyncio.wait_for(going_on.wait(), 5)
        return await process(connection, submissions, tools, slot)

    monkeypatch.setattr(intake_module, "process", noted)
    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(desk.hear("What are your opening hours?", sender=tel(f"+97250123450{number}")))
            await asyncio.sleep(0.05)
        going_on.set()
    assert sizes == [1, 5]


async def test_the_next_batch_is_decided_while_one_is_written_and_written_after_it(desk, steps):
    going_on = steps.hold("one")
    async with asyncio.TaskGroup() as group:
        await soon(desk, group, "one")
        await soon(desk, group, "two", first_number=2)
        assert steps.noted == [("reads", "one"), ("reads", "two")]
        going_on.set()
    assert steps.noted[2:] == [("writes", "one"), ("writes", "two")]


async def test_beside_a_large_batch_a_small_one_waits_for_more(desk, steps):
    going_on = steps.hold("one")
    async with asyncio.TaskGroup() as group:
        await soon(desk, group, "one", "two", "three")
        await soon(desk, group, "four", first_number=4)
        assert ("reads", "four") not in steps.noted
        await soon(desk, group, "five", first_number=5)
        assert ("reads", "four", "five") in steps.noted
        going_on.set()


async def test_a_third_batch_waits_for_the_first(desk, steps):
    going_on = steps.hold("one")
    async with asyncio.TaskGroup() as group:
        for number, text in enumerate(["one", "two", "three"], 1):
            await soon(desk, group, text, first_number=number)
        assert ("reads", "three") not in steps.noted
        going_on.set()
    assert await said(desk) == ["one", "two", "three"]


async def test_what_providers_say_of_consent_waits_for_the_commit_of_what_was_said_before(desk, steps):
    await desk.hear("הסר")
    going_on = steps.hold("התחל")
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.hear("התחל"))
        await asyncio.sleep(0.1)
        group.create_task(desk.take(STOP))
        await asyncio.sleep(0.1)
        going_on.set()
    entries = await desk.rows("SELECT state FROM consent ORDER BY id")
    assert [entry["state"] for entry in entries] == ["opted_out", "opted_in", "opted_out"]


async def test_a_changed_number_waits_for_the_commit_of_what_was_said_before(desk):
    new = tel("+972509999999")
    async with slow_commit(desk, "the first words"), asyncio.TaskGroup() as group:
        group.create_task(desk.hear("the first words", endpoint=WHATSAPP))
        await asyncio.sleep(0.15)
        group.create_task(desk.take(NumberChange(endpoint=WHATSAPP.key, provider_id="change", old=DANA, new=new)))
    await desk.hear("from the new number", sender=new, endpoint=WHATSAPP)
    assert len(await desk.rows("SELECT FROM conversation")) == 1


@pytest.mark.parametrize(
    "word",
    [
        STOP,
        StatusUpdate(endpoint=SMS.key, provider_id="OUT1", status="failed", error_code="21610", opted_out=True),
        BounceReport(
            endpoint=SMS.key, provider_id="B1", failed_address=None, original_provider_id="OUT1", complaint=True
        ),
    ],
    ids=lambda word: type(word).__name__,
)
async def test_what_was_said_after_providers_spoke_of_consent_waits_for_their_commit(desk, steps, monkeypatch, word):
    await desk.hear("שלום")
    await desk.pool.execute("UPDATE delivery SET status = 'sent', provider_id = 'OUT1'")
    steps.noted.clear()
    spoken, process = asyncio.Event(), intake_module.process

    async def slow(connection, submissions, tools, slot):
        outcome = await process(connection, submissions, tools, slot)
        if any(event is word for each in submissions for event in each.events):
            await asyncio.wait_for(spoken.wait(), 5)
        return outcome

    monkeypatch.setattr(intake_module, "process", slow)
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.take(word))
        await asyncio.sleep(0.1)
        group.create_task(desk.hear("What are your opening hours?", endpoint=SMS))
        await asyncio.sleep(0.1)
        assert steps.noted == []
        spoken.set()
    assert steps.noted[0] == ("reads", "What are your opening hours?")
