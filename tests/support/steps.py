"""Watching and disturbing the steps of batches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from desks import Desk

from gateway.domain.people import tel
from gateway.intake.store import messages as store


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
                await asyncio.wait_for(self.held[text].wait(), 5)
            if error := self.broken.get(text):
                raise error
        self.noted.append(("writes", *texts))
        await self._write(connection, payloads, taken, **others)


async def said(desk: Desk) -> list[str]:
    rows = await desk.rows("SELECT text FROM message WHERE direction = 'inbound' ORDER BY id")
    return [row["text"] for row in rows]


async def soon(desk: Desk, group: asyncio.TaskGroup, *texts: str, first_number: int = 1) -> None:
    """Have each text said by a person of their own, and let a moment pass."""
    for number, text in enumerate(texts, first_number):
        group.create_task(desk.hear(text, sender=tel(f"+97250123450{number}")))
    await asyncio.sleep(0.1)


async def all_taken(desk: Desk) -> None:
    """Wait until the spool is worked off."""
    async with asyncio.timeout(10):
        while desk.intake.spool_size:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def slow_commit(desk: Desk, text: str, *, then: str = "RETURN NULL") -> AsyncIterator[None]:
    """Have the commit of a message take 0.3 s, and then do this."""
    await desk.pool.execute(f"""
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); {then}; END $$;
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON message DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.text = '{text}') EXECUTE FUNCTION slow();
    """)
    try:
        yield
    finally:
        await desk.pool.execute("DROP TRIGGER slow ON message; DROP FUNCTION slow")
