"""/sandbox: passed on to the sandbox process as it is, streams included. Cookies stay here."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from gateway.web.server.headers import secure
from gateway.web.server.problems import Problem
from gateway.web.server.services import SERVICES

CLIENT: web.AppKey[aiohttp.ClientSession] = web.AppKey("sandbox_client", aiohttp.ClientSession)
_ASKED = ("Accept", "Accept-Language", "Content-Type", "Last-Event-ID", "Range", "If-None-Match")
_ANSWERED = ("Content-Type", "Cache-Control", "Location", "ETag", "Content-Disposition", "Content-Security-Policy")


async def pass_on(request: web.Request) -> web.StreamResponse:
    """Pass one request on and stream the answer back."""
    services = request.app[SERVICES]
    if not services.settings.sandbox_url:
        raise web.HTTPNotFound
    headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
    body = request.content if request.body_exists else None
    url = services.settings.sandbox_url.rstrip("/") + request.raw_path
    try:
        async with request.app[CLIENT].request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            response = web.StreamResponse(status=answer.status)
            response.headers.update({name: answer.headers[name] for name in _ANSWERED if name in answer.headers})
            secure(response, services)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response
    except aiohttp.ClientConnectorError as error:
        raise Problem(status=503, kind="unavailable", detail="the sandbox process is not running") from error


async def client(app: web.Application) -> AsyncIterator[None]:
    """Keep connections to the sandbox for as long as the application runs."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    app[CLIENT] = aiohttp.ClientSession(timeout=timeout, auto_decompress=False)
    yield
    await app[CLIENT].close()
