"""Who sent a request: the session cookie, and the two proofs that an unsafe request comes from our own screens."""

import hmac
from urllib.parse import urlsplit

from aiohttp import web

from gateway.access import accounts
from gateway.domain.agents import Session
from gateway.web.server.services import SERVICES, Services

SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_LASTS_SECONDS = 12 * 3600


def cookie_name(services: Services) -> str:
    """Name the session cookie; with the `__Host-` prefix browsers keep it to this host and to encrypted connections."""
    return "__Host-eshnav" if services.is_https else "eshnav"


def token_of(request: web.Request) -> str:
    """Read the session cookie."""
    return request.cookies.get(cookie_name(request.app[SERVICES]), "")


async def find(request: web.Request) -> Session | None:
    """Find the session of a request, and keep it on the request."""
    session = await accounts.find_session(request.app[SERVICES].pool, token_of(request))
    if session is not None:
        request[SESSION] = session
    return session


def begin(response: web.StreamResponse, services: Services, token: str) -> None:
    """Give a browser its session."""
    response.set_cookie(
        cookie_name(services),
        token,
        max_age=_LASTS_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=services.is_https,
    )


def end(response: web.StreamResponse, services: Services) -> None:
    """Take a browser's session away."""
    response.del_cookie(cookie_name(services), path="/", httponly=True, samesite="Lax", secure=services.is_https)


def is_from_elsewhere(request: web.Request) -> bool:
    """Say whether a browser tells that another site made it send this request."""
    origin = request.headers.get("Origin")
    if origin is not None:
        ours = {request.host, urlsplit(request.app[SERVICES].settings.public_url).netloc}
        return urlsplit(origin).netloc not in ours
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


async def is_forged(request: web.Request, session: Session) -> bool:
    """Say whether an unsafe request lacks the session's token, or comes from another site."""
    if request.method in _SAFE:
        return False
    if is_from_elsewhere(request):
        return True
    given = request.headers.get("X-CSRF-Token") or str((await request.post()).get("csrf", ""))
    return not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode())
