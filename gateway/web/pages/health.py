"""The health page of operations: queues, lanes, endpoints and processes, looked at anew every few seconds."""

from aiohttp import web

from gateway.operations import health, restore_guard
from gateway.web.pages import render
from gateway.web.server.services import SERVICES

QUEUE = "eshnav"


async def show(request: web.Request) -> web.StreamResponse:
    """Show how everything fares; a refresh asks for the middle of the page alone."""
    services = request.app[SERVICES]
    found = await health.look(services.pool, services.redis, queue=QUEUE)
    name = "health_body.html" if "HX-Request" in request.headers else "health.html"
    return render.page(request, name, health=found, section="operations", spool_size=services.intake.spool_size)


async def release(request: web.Request) -> web.StreamResponse:
    """Let everything that is held since a restore go out."""
    services = request.app[SERVICES]
    await restore_guard.release(services.pool, notifier=services.notifier)
    raise web.HTTPSeeOther("/operations/health")


async def discard(request: web.Request) -> web.StreamResponse:
    """Give everything up that is held since a restore."""
    services = request.app[SERVICES]
    await restore_guard.discard(services.pool, notifier=services.notifier)
    raise web.HTTPSeeOther("/operations/health")
