"""Everything under /sandbox: the page with its own files, live events, and the JSON API."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from gateway.sandbox.page import look, play
from gateway.sandbox.page.body import BadBody
from gateway.sandbox.world import WORLD

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def routes() -> list[web.AbstractRouteDef]:
    """List the routes of the page and its API."""
    posts = {
        "sms": play.sms,
        "whatsapp": play.whatsapp,
        "cloud": play.cloud_message,
        "mail": play.mail,
        "read": play.read,
        "window": play.window,
        "preference": play.preference,
        "unsubscribe": play.unsubscribe,
        "verify": play.verify,
        "faults": look.faults,
        "templates": look.templates,
        "reset": look.reset,
    }
    gets = {
        "state": look.state,
        "messages": look.messages,
        "outbox": look.outbox,
        "user-id": look.user_id,
        "faults": look.faults,
        "files/{token}": look.file,
        "mail-html": look.mail_html,
    }
    return [
        web.get("/sandbox", _to_page),
        web.get("/sandbox/", _page),
        web.get("/sandbox/events", _events),
        web.static("/sandbox/static", _STATIC),
        *(web.post(f"/sandbox/api/{name}", _explained(handler)) for name, handler in posts.items()),
        *(web.get(f"/sandbox/api/{name}", _explained(handler)) for name, handler in gets.items()),
        web.delete("/sandbox/api/faults", _explained(look.faults)),
        web.get("/healthz", _health),
    ]


def _explained(handler: Handler) -> Handler:
    async def explained(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadBody as error:
            return web.json_response({"error": str(error)}, status=400)

    return explained


async def _to_page(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=308, headers={"Location": "/sandbox/"})


async def _page(_request: web.Request) -> web.StreamResponse:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return web.FileResponse(_STATIC / "index.html", headers=headers)


async def _events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    await response.write(b"retry: 1000\n\n")
    try:
        async for event in request.app[WORLD].feed.watch():
            await response.write(event)
    except ConnectionResetError:  # the page was closed
        pass
    return response


async def _health(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"status": "ok"})
