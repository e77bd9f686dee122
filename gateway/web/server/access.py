"""Who may open which page: every route with its roles, as data. What is not in a table does not exist."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.domain.agents import Role
from gateway.web.server import sessions
from gateway.web.server.problems import Problem

PageHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]

EVERYONE = frozenset(Role)
OPERATORS = frozenset((Role.SUPERVISOR, Role.OPERATIONS, Role.ADMIN))


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One page or action and the roles it is open to; None opens it to visitors without a login."""

    method: str
    path: str
    handler: PageHandler
    roles: frozenset[Role] | None


def open_to(roles: frozenset[Role] | None, method: str, path: str, handler: PageHandler) -> Route:
    """Put one route into a table."""
    return Route(method=method, path=path, handler=handler, roles=roles)


def guarded(route: Route) -> PageHandler:
    """Wrap a handler so that only the route's roles reach it, and unsafe requests only from our own screens."""
    roles, handler = route.roles, route.handler
    if roles is None:
        return handler

    async def checked(request: web.Request) -> web.StreamResponse:
        session = await sessions.find(request)
        if session is None:
            raise Problem(status=401, kind="unauthenticated")
        if await sessions.is_forged(request, session):
            raise Problem(status=403, kind="forged", detail="reload the page and try again")
        if session.agent.role not in roles:
            raise Problem(status=403, kind="forbidden")
        return await handler(request)

    return checked
