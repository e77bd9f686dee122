"""The operations page: what went wrong and what can be done about it, and the state of our numbers and mailboxes."""

from aiohttp import web

from gateway.operations import dead_letters, overview
from gateway.web.pages import render
from gateway.web.server.paths import number
from gateway.web.server.services import SERVICES


async def show(request: web.Request) -> web.StreamResponse:
    """Show problems, dead letters and endpoints."""
    seen = await overview.overview(request.app[SERVICES].pool)
    return render.page(
        request,
        "operations.html",
        overview=seen,
        section="operations",
        spool_size=request.app[SERVICES].intake.spool_size,
    )


async def replay(request: web.Request) -> web.StreamResponse:
    """Send a dead letter again."""
    services = request.app[SERVICES]
    await dead_letters.replay(services.pool, [number(request)], notifier=services.notifier)
    raise web.HTTPSeeOther("/operations")


async def handled(request: web.Request) -> web.StreamResponse:
    """Take a payload off the list of problems."""
    await overview.handle_problem(request.app[SERVICES].pool, number(request))
    raise web.HTTPSeeOther("/operations")
