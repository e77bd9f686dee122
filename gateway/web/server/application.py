"""The web application put together: every route from its table, one guard around them, and what runs beside it."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from gateway.web import webhooks
from gateway.web.api import openapi
from gateway.web.api.operation import handler_of
from gateway.web.api.table import BASE, OPERATIONS
from gateway.web.pages import assets, attachments, health, help_page, inbox, linking, live, login, operations, sandbox
from gateway.web.server import probes
from gateway.web.server.access import EVERYONE, OPERATORS, Route, guarded, open_to
from gateway.web.server.fast_path import LARGEST_BODY_BYTES
from gateway.web.server.guard import guard
from gateway.web.server.services import SERVICES, Services

PAGES: tuple[Route, ...] = (
    open_to(None, "GET", "/login", login.login_page),
    open_to(None, "POST", "/login", login.log_in),
    open_to(EVERYONE, "POST", "/logout", login.log_out),
    open_to(EVERYONE, "GET", "/account", login.account_page),
    open_to(EVERYONE, "POST", "/account/password", login.change_password),
    open_to(EVERYONE, "POST", "/account/language", login.change_language),
    open_to(EVERYONE, "GET", "/", inbox.home),
    open_to(EVERYONE, "GET", "/inbox/list", inbox.part_list),
    open_to(EVERYONE, "GET", "/conversations/{id}", inbox.conversation),
    open_to(EVERYONE, "GET", "/conversations/{id}/thread", inbox.part_thread),
    open_to(EVERYONE, "POST", "/conversations/{id}/messages", inbox.send),
    open_to(EVERYONE, "POST", "/conversations/{id}/take", inbox.take),
    open_to(EVERYONE, "POST", "/conversations/{id}/resolve", inbox.resolve),
    open_to(EVERYONE, "POST", "/conversations/{id}/reopen", inbox.reopen),
    open_to(EVERYONE, "POST", "/segments", inbox.segments),
    open_to(EVERYONE, "GET", "/contacts/{id}/links", linking.show),
    open_to(EVERYONE, "POST", "/contacts/{id}/links", linking.link),
    open_to(EVERYONE, "POST", "/contacts/{id}/links/confirm", linking.confirm),
    open_to(EVERYONE, "POST", "/merges/{id}/undo", linking.undo),
    open_to(EVERYONE, "GET", "/attachments/{id}", attachments.download),
    open_to(EVERYONE, "GET", "/messages/{id}/text", attachments.whole_text),
    open_to(EVERYONE, "GET", "/live", live.live),
    open_to(OPERATORS, "GET", "/operations", operations.show),
    open_to(OPERATORS, "GET", "/operations/health", health.show),
    open_to(OPERATORS, "POST", "/operations/health/release", health.release),
    open_to(OPERATORS, "POST", "/operations/health/discard", health.discard),
    open_to(OPERATORS, "POST", "/operations/deliveries/{id}/replay", operations.replay),
    open_to(OPERATORS, "POST", "/operations/problems/{id}/handled", operations.handled),
    open_to(None, "GET", "/help", help_page.show),
    open_to(None, "GET", "/unsubscribe/{token}", help_page.unsubscribe_page),
    open_to(None, "POST", "/unsubscribe/{token}", help_page.unsubscribe_now),
    open_to(None, "GET", "/static/{name}", assets.serve),
    open_to(None, "GET", "/healthz", probes.healthz),
    open_to(None, "GET", "/readyz", probes.readyz),
    open_to(None, "GET", "/metrics", probes.metrics),
    open_to(None, "GET", f"{BASE}/openapi.json", openapi.serve),
    open_to(None, "*", "/sandbox", sandbox.pass_on),
    open_to(None, "*", "/sandbox/{tail:.*}", sandbox.pass_on),
)


def routes() -> tuple[Route, ...]:
    """Return every route but the API's: the pages', and the webhooks of every provider."""
    hooks = webhooks.hooks()
    challenged = (path for path, hook in hooks.items() if hook.is_challenged)
    return (
        *PAGES,
        *(open_to(None, "GET", path, webhooks.challenge) for path in challenged),
        *(open_to(None, "POST", path, webhooks.webhook) for path in hooks),
    )


def build(services: Services) -> web.Application:
    """Put the application together; it listens nowhere yet."""
    app = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[guard])
    app[SERVICES] = services
    for route in routes():
        app.router.add_route(route.method, route.path, guarded(route))
    for operation in OPERATIONS:
        app.router.add_route(operation.method, BASE + operation.path, handler_of(operation))
    app.cleanup_ctx.append(sandbox.client)
    app.cleanup_ctx.append(_news)
    app.on_shutdown.append(_let_screens_go)
    return app


async def _news(app: web.Application) -> AsyncIterator[None]:
    news = app[SERVICES].live_updates
    tasks = {asyncio.create_task(news.listen()), asyncio.create_task(news.poll())}
    yield
    # Again until they end: the Redis client can swallow a cancellation that meets one of its own time limits.
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=0.2)


async def _let_screens_go(app: web.Application) -> None:
    app[SERVICES].live_updates.end()
