"""A small Twilio on loopback that the real adapter talks to: counts what reaches it and fails as told."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime

from aiohttp import web

from gateway.runtime.clock import now

OK = "ok"
LOST = "lost"
HANG = "hang"


@dataclass(kw_only=True, slots=True)
class Provider:
    """What the provider got, and how it will answer: `script` first, then always well.

    An answer is OK, LOST (accepted, but the connection breaks), HANG (accepted, then silence) or (HTTP status, code,
    headers).
    """

    url: str = ""
    delay_seconds: float = 0.0
    messages: list[dict[str, str]] = field(default_factory=list)
    script: deque[object] = field(default_factory=deque)
    requests: int = 0
    accepted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def texts(self) -> list[str]:
        """The texts it accepted, in order of arrival."""
        return [message["Body"] for message in self.messages]

    @property
    def repeated(self) -> list[str]:
        """Texts it accepted more than once."""
        return [text for text, count in Counter(self.texts).items() if count > 1]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Take one message, as `POST Messages.json` does."""
        self.requests += 1
        answer = self.script.popleft() if self.script else OK
        if isinstance(answer, tuple):
            status, code, headers = answer
            return web.json_response({"code": code, "message": "no", "status": status}, status=status, headers=headers)
        form = dict(await request.post())
        sid = f"SM{len(self.messages):032x}"
        self.messages.append({"sid": sid, "date_created": format_datetime(now()), **form})
        self.accepted.set()
        if answer == LOST:
            request.transport.abort()
        await asyncio.sleep(3600 if answer == HANG else self.delay_seconds)
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

    async def find(self, request: web.Request) -> web.Response:
        """List messages to an address, as `GET Messages.json` does."""
        found = [
            {
                "sid": message["sid"],
                "body": message.get("Body", ""),
                "direction": "outbound-api",
                "date_created": message["date_created"],
            }
            for message in self.messages
            if message["To"] == request.query["To"]
        ]
        return web.json_response({"messages": found, "page": 0, "page_size": 200, "next_page_uri": None})


@asynccontextmanager
async def running(**settings: object) -> AsyncIterator[Provider]:
    """Serve a provider on a free port."""
    provider = Provider(**settings)
    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", provider.create)
    app.router.add_get("/2010-04-01/Accounts/{sid}/Messages.json", provider.find)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
