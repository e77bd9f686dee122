"""All that the sandbox remembers and uses, handed to every handler. No rule of any provider lives here."""

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from gateway.sandbox.faults import Faults
from gateway.sandbox.feed import Feed
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.media import MediaStore
from gateway.sandbox.message import Message
from gateway.sandbox.outbox import Outbox
from gateway.sandbox.post import Poster
from gateway.sandbox.settings import Settings
from gateway.sandbox.templates import Templates
from gateway.sandbox.view import message_view


class World:
    """The state of the sandbox, and its background work."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.feed = Feed()
        self.media = MediaStore()
        self.ledger = Ledger(self._tell)
        self.outbox = Outbox()
        self.faults = Faults()
        self.templates = Templates()
        self.poster = Poster(settings)
        self.base_url = f"http://127.0.0.1:{settings.port}"
        self.smtp_port = settings.smtp_port
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something in the background until it ends or the sandbox does."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note(self, text: str) -> None:
        """Tell whoever watches what went wrong between the provider and the product."""
        self.ledger.notes.append(text)
        self.feed.publish("note", {"text": text})

    def clear(self) -> None:
        """Begin anew: no messages, no faults, no counts."""
        for part in (self.ledger, self.media, self.outbox, self.faults, self.templates):
            part.clear()
        self.feed.publish("reload", {})

    async def close(self) -> None:
        """Stop all background work and let go of connections."""
        self.feed.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.poster.close()

    def _tell(self, message: Message) -> None:
        if self.feed.is_watched:
            self.feed.publish("message", message_view(message, self.media))


WORLD = web.AppKey("world", World)


def pause_seconds() -> float:
    """Choose a realistic pause before the network's next step: 50 to 300 ms."""
    return 0.05 + secrets.randbelow(251) / 1000
