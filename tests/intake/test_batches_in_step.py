"""Two batches in step: while one is written the next is decided, and what every customer says stays in order."""

import asyncio

import pytest
from desks import DANA, SMS, WHATSAPP, Desk

from gateway.domain.address import tel
from gateway.domain.event import ConsentSignal, ConsentWish, Sender
from gateway.store import intake as store
from gateway.usecases import intake as intake_module

STOP = ConsentSignal(endpoint=WHATSAPP.key, provider_id="S1", sender=Sender(address=DANA), wish=ConsentWish.STOP)


class Steps:
    """Notes when batches read and write, and holds or breaks the writing of those in which something is said."""

    def __init__(self, monkeypatch):
        self.noted, self.held, self.broken = [], {}, {}
        self._load, self._write = store.load_facts, store.take_in
        monkeypatch.setattr(store, "load_facts", self._loading)
        monkeypatch.setattr(store, "take_in", self._writing)

    def hold(self, text):
        """Have the writing of a batch with this text wait, until the event that is given is set."""
        self.held[text] = asyncio.Event()
        return self.held[text]

    async def _loading(self, connection, arrivals, **others):
        self.noted.append(("reads", *(arrival.message.text for arrival in arrivals)))
        return await self._load(connection, arrivals, **others)

    async def _writing(self, connection, payloads, taken, **others):
        texts = [each.decided.arrival.message.text for each in taken]
        for text in texts:
            if text in self.held:
                await self.held[text].wait()
            if error := self.broken.get(text):
                raise error
        self.noted.append(("writes", *texts))
        await self._write(connection, payloads, taken, **others)


@pytest.fixture
def steps(monkeypatch):
    return Steps(monkeypatch)


async def said(desk: Desk) -> list[str]:
    rows = await desk.rows("SELECT text FROM message WHERE direction = 'inbound' ORDER BY id")
    return [row["text"] for row in rows]


async def soon(desk: Desk, group: asyncio.TaskGroup, *texts: str, first_number: int = 1) -> None:
    """Have each text said by a person of their own, and let a moment pass."""
    for number, text in enumerate(texts, first_number):
        group.create_task(desk.hear(text, sender=tel(f"+97250123450{number}")))
    await asyncio.sleep(0.1)


async def test_what_arrives_while_a_batch_is_worked_on_is_one_batch(desk, monkeypatch):
    sizes, process, going_on = [], intake_module.process, asyncio.Event()

    async def noted(connection, submissions, tools, flight):
        sizes.append(len(submissions))
        await going_on.wait()
        return await process(connection, submissions, tools, flight)

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


async def test_what_was_said_after_providers_spoke_of_consent_waits_for_their_commit(desk, steps, monkeypatch):
    await desk.hear("שלום")
    steps.noted.clear()
    spoken, process = asyncio.Event(), intake_module.process

    async def slow(connection, submissions, tools, flight):
        outcome = await process(connection, submissions, tools, flight)
        if any(event is STOP for each in submissions for event in each.events):
            await spoken.wait()
        return outcome

    monkeypatch.setattr(intake_module, "process", slow)
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.take(STOP))
        await asyncio.sleep(0.1)
        group.create_task(desk.hear("What are your opening hours?", endpoint=SMS))
        await asyncio.sleep(0.1)
        assert steps.noted == []
        spoken.set()
    assert steps.noted[0] == ("reads", "What are your opening hours?")
