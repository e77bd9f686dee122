"""Where providers call us: read the bytes, verify, parse, take in, answer. Nothing else happens on this path.

A 2xx goes out only once the payload is committed or on the spool. What a verified request holds that nobody understands
is kept raw and answered with success: the provider could not send it any better the second time.
"""

import asyncio
from collections.abc import Sequence

import structlog
from aiohttp import web

from channels.contract import Adapter, Request
from channels.errors import Forged
from gateway import clock
from gateway.domain.event import Event, UnknownEvent
from gateway.usecases.intake import IntakeUnavailable
from gateway.web.services import SERVICES, Services

log = structlog.get_logger(__name__)

PATHS = "/webhooks/"
BODY_SECONDS = 15.0
_KEPT_HEADERS = ("Content-Type", "X-Twilio-Signature", "X-Hub-Signature-256", "I-Twilio-Idempotency-Token")
_KEPT = tuple((name, name.lower()) for name in _KEPT_HEADERS)


async def twilio_message(request: web.Request) -> web.Response:
    """Take in a message from Twilio; the empty TwiML says that the reply will come by itself."""
    services = request.app[SERVICES]
    refusal = await _take_in(request, services, services.provided.twilio, "twilio")
    return refusal or web.Response(body=b"<Response/>", content_type="text/xml")


async def twilio_status(request: web.Request) -> web.Response:
    """Take in Twilio's word on one of our deliveries."""
    services = request.app[SERVICES]
    refusal = await _take_in(request, services, services.provided.twilio, "twilio")
    return refusal or web.Response(status=204)


async def whatsapp(request: web.Request) -> web.Response:
    """Take in a batch from WhatsApp's Cloud API."""
    services = request.app[SERVICES]
    refusal = await _take_in(request, services, services.provided.whatsapp, "whatsapp")
    return refusal or web.Response(status=200)


async def whatsapp_challenge(request: web.Request) -> web.Response:
    """Prove to Meta that this address is ours, by echoing its challenge when it knows our verify token."""
    for adapter in request.app[SERVICES].provided.whatsapp:
        try:
            return web.Response(text=adapter.challenge(request.query), content_type="text/plain")
        except Forged:
            continue
    return _forbidden()


async def _take_in(
    request: web.Request, services: Services, adapters: Sequence[Adapter], source: str
) -> web.Response | None:
    """Take in one webhook; gives the refusal, or None when it is safe."""
    headers = request.headers
    if "Content-Encoding" in headers:
        return web.Response(status=415, text="send the body as it is, without Content-Encoding")
    try:
        body = await _read(request)
    except TimeoutError:
        return web.Response(status=408, text="the body took too long")
    except web.HTTPRequestEntityTooLarge:
        return web.Response(status=413, text="too large")
    received = Request(
        method=request.method,
        target=request.raw_path,
        headers={ours: headers[theirs] for theirs, ours in _KEPT if theirs in headers},
        body=body,
        received_at=clock.now(),
    )
    adapter = verified_by(received, adapters)
    if adapter is None:
        return _forbidden()
    try:
        await services.intake.accept(received, read(received, adapter, source), source=source)
    except IntakeUnavailable:
        return web.Response(status=503, text="try again", headers={"Retry-After": "5"})
    return None


def verified_by(request: Request, adapters: Sequence[Adapter]) -> Adapter | None:
    """Find the account whose provider signed this request."""
    for adapter in adapters:
        try:
            adapter.verify(request)
        except Forged:
            continue
        return adapter
    return None


def read(request: Request, adapter: Adapter, source: str) -> Sequence[Event]:
    """Read the events of a verified request; should its parser break, the request is kept raw all the same."""
    try:
        return adapter.parse(request)
    except Exception as error:  # a parser never raises; one that does must not lose a message
        log.exception("parser_broke", source=source)
        return [UnknownEvent(endpoint="", provider_id="", reason=f"reading it failed: {type(error).__name__}")]


async def _read(request: web.Request) -> bytes:
    if request.content.is_eof():
        return await request.read()
    async with asyncio.timeout(BODY_SECONDS):
        return await request.read()


def _forbidden() -> web.Response:
    return web.Response(status=403, text="forbidden")
