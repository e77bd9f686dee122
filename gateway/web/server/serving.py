"""HTTP put together: listening within limits, behind it the fast path of webhooks, and behind that the application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from aiohttp import web

from gateway.web.server.application import build
from gateway.web.server.fast_path import IDLE_SECONDS, FastPath
from gateway.web.server.listening import ConnectionLimits, listen
from gateway.web.server.services import Services
from gateway.web.webhooks import fast_webhooks

# aiohttp gives a connection as long for the head of its first request as it keeps an idle one; bodies
# are never unpacked, so that a small one cannot become a large one.
SERVING: dict[str, Any] = {
    "access_log": None,
    "auto_decompress": False,
    "keepalive_timeout": IDLE_SECONDS,
    "lingering_time": 2.0,
    "shutdown_timeout": 15.0,
}


@asynccontextmanager
async def serve_http(services: Services, *, host: str, port: int, limits: ConnectionLimits) -> AsyncIterator[int]:
    """Serve while the context lasts; gives the port. What is under way at its end is still answered.

    Raises:
        OSError: the port is taken or not allowed.
    """
    runner = web.AppRunner(build(services), **SERVING)
    await runner.setup()
    fast_path = FastPath(fast_webhooks(services), ordinary=cast("Callable[[], asyncio.Protocol]", runner.server))
    try:
        server = await listen(fast_path.connection, host=host, port=port, limits=limits)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
    finally:
        await asyncio.gather(fast_path.drain(), runner.cleanup())
