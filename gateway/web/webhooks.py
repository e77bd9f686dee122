"""Where providers call us: read the bytes, verify, parse, take in, answer. Nothing else happens on this path.

A 2xx goes out only once the payload is committed or on the spool. What a verified request holds that nobody understands
is kept raw and answered with success: the provider could not send it any better the second time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import structlog
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from channels import registry
from channels.contract import Adapter, Challenged, Payload, ProviderRecord, Request
from channels.errors import Forged
from gateway.domain.messages import Event, UnknownEvent
from gateway.intake.intake import IntakeUnavailable
from gateway.runtime import clock
from gateway.web.server.fast_path import Answer, Webhook
from gateway.web.server.services import SERVICES, Services

log = structlog.get_logger(__name__)

PATHS = "/webhooks/"
BODY_SECONDS = 15.0
_FORBIDDEN = Answer(status=403, body=b"forbidden")
_TRY_AGAIN = Answer(status=503, body=b"try again", headers={"Retry-After": "5"})


class Hook(Struct, frozen=True, kw_only=True):
    """One address providers call: whose it is, and what they are told once all is safe."""

    provider: ProviderRecord
    taken: Answer
    is_challenged: bool = False

    def kept(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Keep of these headers what verifying and reading need; names are in lower case afterwards."""
        return {name: headers[name] for name in self.provider.kept_headers if name in headers}


def hooks() -> dict[str, Hook]:
    """Return every provider's webhooks by path."""
    return {
        each.path: Hook(
            provider=provider,
            taken=Answer(status=each.status, body=each.body, content_type=each.content_type),
            is_challenged=each.is_challenged,
        )
        for provider in registry.PROVIDERS
        for each in provider.webhooks
    }


def fast_webhooks(services: Services) -> dict[str, Webhook]:
    """Give the webhooks by path, for requests that need no web framework."""
    return {path: partial(_take_in_fast, hook, services) for path, hook in hooks().items()}


async def _take_in_fast(hook: Hook, services: Services, received: Request) -> Answer:
    return await _take_in(
        hook, services, replace(received, source=hook.provider.source, headers=hook.kept(received.headers))
    )


async def webhook(request: web.Request) -> web.Response:
    """Take in a webhook that came the ordinary way."""
    if "Content-Encoding" in request.headers:
        return web.Response(status=415, text="send the body as it is, without Content-Encoding")
    try:
        body = await _read(request)
    except TimeoutError:
        return web.Response(status=408, text="the body took too long")
    except web.HTTPRequestEntityTooLarge:
        return web.Response(status=413, text="too large")
    hook = hooks()[request.path]
    received = Request(
        source=hook.provider.source,
        method=request.method,
        target=request.raw_path,
        headers=hook.kept(request.headers),
        body=body,
        received_at=clock.now(),
    )
    answer = await _take_in(hook, request.app[SERVICES], received)
    return web.Response(
        status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
    )


async def challenge(request: web.Request) -> web.Response:
    """Prove to a provider that this address is ours, when it asks as only ours would."""
    source = hooks()[request.path].provider.source
    for adapter in request.app[SERVICES].registry.adapters_of(source):
        if not isinstance(adapter, Challenged):
            continue
        try:
            return web.Response(text=adapter.challenge(request.query), content_type="text/plain")
        except Forged:
            continue
    return web.Response(status=_FORBIDDEN.status, body=_FORBIDDEN.body, content_type=_FORBIDDEN.content_type)


async def _take_in(hook: Hook, services: Services, received: Request) -> Answer:
    """Take in one webhook; answers with success once it is safe."""
    verified = verified_by(received, services.registry.adapters_of(received.source))
    if verified is None:
        return _FORBIDDEN
    try:
        await services.intake.accept(received, read(*verified))
    except IntakeUnavailable:
        return _TRY_AGAIN
    return hook.taken


def verified_by(request: Request, adapters: Sequence[Adapter]) -> tuple[Adapter, Payload] | None:
    """Find the account whose provider signed this request, and give the request as its adapter read it."""
    for adapter in adapters:
        with suppress(Forged):
            return adapter, adapter.verify(request)
    return None


def read_again(request: Request, adapters: Sequence[Adapter]) -> Sequence[Event]:
    """Read a request that was verified when it came, though its secret may have been changed since."""
    verified = verified_by(request, adapters)
    if verified is None:
        verified = next(((adapter, adapter.unpack(request)) for adapter in adapters), None)
    return [] if verified is None else read(*verified)


def read(adapter: Adapter, payload: Payload) -> Sequence[Event]:
    """Read the events of a verified request; should its parser break, the request is kept raw all the same."""
    try:
        return adapter.parse(payload)
    except Exception as error:  # a parser never raises; one that does must not lose a message
        log.exception("parser_broke", source=payload.request.source)
        return [UnknownEvent(endpoint="", provider_id="", reason=f"reading it failed: {type(error).__name__}")]


async def _read(request: web.Request) -> bytes:
    if request.content.is_eof():
        return await request.read()
    async with asyncio.timeout(BODY_SECONDS):
        return await request.read()
