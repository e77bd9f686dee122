"""Twilio's Messages resource: create, fetch, list, and the media of inbound messages. Callbacks are sent by `hooks`."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlencode

import orjson
from aiohttp import web

from gateway.sandbox.faults import Fault, Kind, Provider
from gateway.sandbox.message import TwilioMessage
from gateway.sandbox.twilio import errors
from gateway.sandbox.twilio.accept import Refusal, accept
from gateway.sandbox.twilio.errors import error
from gateway.sandbox.twilio.hooks import report
from gateway.sandbox.twilio.search import Search
from gateway.sandbox.twilio.wire import API_VERSION, media_sid, media_token, new_sid, resource
from gateway.sandbox.world import WORLD, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_BASE = f"/{API_VERSION}/Accounts/{{account}}"


def routes() -> list[web.RouteDef]:
    """List the routes of api.twilio.com that are played here."""
    return [
        web.post(f"{_BASE}/Messages.json", _for_account(_create)),
        web.get(f"{_BASE}/Messages.json", _for_account(_list)),
        web.get(f"{_BASE}/Messages/{{sid}}.json", _for_account(_fetch)),
        web.get(f"{_BASE}/Messages/{{sid}}/Media.json", _for_account(_media_list)),
        web.get(f"{_BASE}/Messages/{{sid}}/Media/{{media}}", _for_account(_media)),
        web.get("/_twilio_cdn/{token}", _cdn),
    ]


def _for_account(handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        if not _is_authentic(request):
            return error(20003)
        if request.match_info["account"] != request.app[WORLD].settings.twilio_account_sid:
            return error(20404)
        return await handler(request)

    return checked


def _is_authentic(request: web.Request) -> bool:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    settings = request.app[WORLD].settings
    tokens = settings.twilio_auth_tokens
    is_known = any(hmac.compare_digest(password.encode(), token.encode()) for token in tokens)
    return scheme.lower() == "basic" and name == settings.twilio_account_sid and is_known


async def _create(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    form = parse_qsl((await request.read()).decode("utf-8", "replace"), keep_blank_values=True)
    to = next((value for name, value in form if name == "To"), "").removeprefix("whatsapp:")
    fault = world.faults.take(Provider.TWILIO, to)
    if fault is not None and (answer := await _fail_early(request, fault)) is not None:
        return answer
    late_code = fault.code if fault is not None and fault.kind is Kind.CODE else 0
    try:
        message, own_id = accept(world, form)
    except Refusal as refusal:
        return error(refusal.code, refusal.detail)
    world.ledger.add(message)
    late_code = late_code or message.error_code or 0
    if not late_code:
        world.outbox.count(Provider.TWILIO, own_id)
    if world.faults.rules.callbacks or late_code:
        world.spawn(report(world, message.message_id, late_code))
    if fault is not None and fault.kind is Kind.ACCEPT_DROP:
        return _hang_up(request)
    return _json(resource(message, world.settings.twilio_account_sid), status=201)


async def _fail_early(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    match fault.kind:
        case Kind.THROTTLE:
            return error(20429, retry_after_seconds=fault.retry_after_seconds)
        case Kind.ERROR_500:
            return error(20500)
        case Kind.CODE if not errors.is_late(fault.code):
            return error(fault.code)
        case Kind.HANG:
            await asyncio.sleep(fault.hang_seconds)
            return _hang_up(request)
        case Kind.DROP:
            return _hang_up(request)
    return None


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _fetch(request: web.Request) -> web.StreamResponse:
    message = _message(request)
    if message is None:
        return error(20404)
    return _json(resource(message, request.app[WORLD].settings.twilio_account_sid))


async def _list(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    try:
        search = Search.read(request.query)
    except ValueError:
        return error(20001, "Bad request: a filter or a page number cannot be read")
    found = search.run(world.ledger)
    account = world.settings.twilio_account_sid
    path = f"/{API_VERSION}/Accounts/{account}/Messages.json"

    def page_uri(number: int) -> str:
        return f"{path}?{urlencode([*search.filters, ('PageSize', search.size), ('Page', number)])}"

    page = found[search.start : search.start + search.size]
    return _json(
        {
            "first_page_uri": page_uri(0),
            "end": search.start + max(len(page) - 1, 0),
            "previous_page_uri": page_uri(search.page - 1) if search.page else None,
            "messages": [resource(message, account) for message in page],
            "uri": page_uri(search.page),
            "page_size": search.size,
            "start": search.start,
            "next_page_uri": page_uri(search.page + 1) if search.start + search.size < len(found) else None,
            "page": search.page,
        }
    )


async def _media_list(request: web.Request) -> web.StreamResponse:
    message = _message(request)
    if message is None:
        return error(20404)
    account = request.app[WORLD].settings.twilio_account_sid
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{message.message_id}/Media"
    media = [
        {
            "sid": media_sid(file.token),
            "account_sid": account,
            "parent_sid": message.message_id,
            "content_type": file.media_type,
            "uri": f"{uri}/{media_sid(file.token)}.json",
        }
        for file in message.files
        if file.token
    ]
    return _json({"media_list": media, "uri": f"{uri}.json", "page": 0, "page_size": 50, "next_page_uri": None})


async def _media(request: web.Request) -> web.StreamResponse:
    message, token = _message(request), media_token(request.match_info["media"])
    if message is None or token not in {file.token for file in message.files}:
        return error(20404)
    return web.Response(status=307, headers={"Location": f"{request.app[WORLD].base_url}/_twilio_cdn/{token}"})


async def _cdn(request: web.Request) -> web.StreamResponse:
    media = request.app[WORLD].media.get(request.match_info["token"])
    if media is None:
        return web.Response(status=404)
    return web.Response(body=media.content, headers={"Content-Type": media.media_type})


def _message(request: web.Request) -> TwilioMessage | None:
    message = _world(request).ledger.get(request.match_info["sid"])
    return message if isinstance(message, TwilioMessage) else None


def _world(request: web.Request) -> World:
    return request.app[WORLD]


def _json(data: object, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(data),
        content_type="application/json",
        headers={"Twilio-Request-Id": new_sid("RQ"), "X-Api-Domain": "api.twilio.com"},
    )
