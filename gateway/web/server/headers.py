"""The headers every answer to a browser carries, and where a request came from."""

from ipaddress import ip_address

from aiohttp import web

from gateway.web.server.services import SERVICES, Services

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it browsers send "Origin: null" even to ourselves, which the forgery check must refuse.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_ONE_YEAR = "max-age=31536000"


def secure(response: web.StreamResponse, services: Services) -> None:
    """Add the security headers an answer does not set itself; unless it says otherwise, nobody may keep a copy."""
    headers = response.headers
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    if services.is_https:
        headers.setdefault("Strict-Transport-Security", _ONE_YEAR)


def peer(request: web.Request) -> str:
    """Name where a request came from: the nearest address that is not one of our own proxies."""
    services = request.app[SERVICES]
    hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if hop.strip()]
    at = request.remote or ""
    while hops and _is_trusted(at, services):
        at = hops.pop()
    return at[:64]


def _is_trusted(at: str, services: Services) -> bool:
    try:
        address = ip_address(at)
    except ValueError:
        return False
    return any(address in network for network in services.trusted_proxies)
