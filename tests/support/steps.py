"""Watching and disturbing the steps of batches."""

import asyncio

from desks import Desk

from gateway.domain.address import tel
from gateway.store import intake as store


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
