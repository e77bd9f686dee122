"""The stream of news an open screen listens to (server-sent events): ids only, the screen fetches what it may see."""

import asyncio
from contextlib import suppress

from aiohttp import web

from gateway.web.server import sessions
from gateway.web.server.headers import secure
from gateway.web.server.services import SERVICES

BEAT_SECONDS = 5.0
_AGAIN_MILLISECONDS = 2000


async def live(request: web.Request) -> web.StreamResponse:
    """Stream the ids of conversations as they change, until the screen or the session goes away."""
    services = request.app[SERVICES]
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    secure(response, services)
    with services.live_updates.subscribe() as queue, suppress(ConnectionResetError):
        await response.prepare(request)
        await response.write(f"retry: {_AGAIN_MILLISECONDS}\n\n".encode())
        while not services.live_updates.is_over:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    changed = await queue.get()
            except TimeoutError:
                if await sessions.find(request) is None:
                    break
                await response.write(b": still here\n\n")
                continue
            ids = ",".join(map(str, changed)) or "all"
            await response.write(f"event: news\ndata: {ids}\n\n".encode())
    return response
