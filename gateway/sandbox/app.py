"""Puts the sandbox together: one HTTP application with all providers and the page, and one SMTP relay."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator

from aiohttp import web

from gateway.sandbox.cloud import rest as cloud
from gateway.sandbox.cloud.hooks import CloudHooks
from gateway.sandbox.mail.relay import relay_factory
from gateway.sandbox.page import routes as page
from gateway.sandbox.settings import Settings
from gateway.sandbox.twilio import rest as twilio
from gateway.sandbox.world import WORLD, World

_LOOPBACK = "127.0.0.1"
_LARGEST_BODY = 24 * 1024 * 1024
_STOP_SECONDS = 0.4


def make_app(world: World) -> web.Application:
    """Make the HTTP application; its background work starts and stops with it."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    app[WORLD] = world
    app[cloud.HOOKS] = CloudHooks(world)
    app[cloud.LINKS] = OrderedDict()
    app.add_routes([*twilio.routes(), *page.routes(), *cloud.routes()])
    return app


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[World]:
    """Run the sandbox on loopback: HTTP on `port`, SMTP on `smtp_port` (0: any free one, see `World.base_url`)."""
    world = World(settings)
    app = make_app(world)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, _LOOPBACK, settings.port, backlog=1024).start()
    world.base_url = f"http://{_LOOPBACK}:{runner.addresses[0][1]}"
    relay = await asyncio.get_running_loop().create_server(
        lambda: relay_factory(world), _LOOPBACK, settings.smtp_port, backlog=512
    )
    world.smtp_port = relay.sockets[0].getsockname()[1]
    world.spawn(app[cloud.HOOKS].run())
    try:
        yield world
    finally:
        relay.close()
        await world.close()
        await runner.cleanup()
