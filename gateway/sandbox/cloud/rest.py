"""The Cloud API's endpoints: messages (send, mark as read, typing) and media (upload, look up, download, delete)."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import orjson
from aiohttp import web

from gateway.sandbox.cloud.accept import accept
from gateway.sandbox.cloud.errors import error, status_error, words
from gateway.sandbox.cloud.fields import Problem, child, text_of
from gateway.sandbox.cloud.hooks import CloudHooks, status_value
from gateway.sandbox.faults import Fault, Kind, Provider
from gateway.sandbox.media import Media
from gateway.sandbox.message import CloudMessage
from gateway.sandbox.world import WORLD, World, pause_seconds

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOOKS = web.AppKey("cloud_hooks", CloudHooks)
LINKS = web.AppKey("cloud_links", OrderedDict[str, tuple[str, float]])
_VERSION = "/{version:v[0-9]+\\.[0-9]+}"
_LINK_SECONDS = 300.0
_KEPT_LINKS = 1_000
_UNKNOWN_OBJECT = 33


def routes() -> list[web.RouteDef]:
    """List the routes of graph.facebook.com that are played here."""
    return [
        web.post(_VERSION + "/{number:[0-9]+}/messages", _authorised(_messages)),
        web.post(_VERSION + "/{number:[0-9]+}/media", _authorised(_upload)),
        web.get(_VERSION + "/{media:[0-9]+}", _authorised(_media)),
        web.delete(_VERSION + "/{media:[0-9]+}", _authorised(_delete)),
        web.get("/_lookaside/{link}", _authorised(_download)),
    ]


def _authorised(handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        wanted = request.app[WORLD].settings.whatsapp_token
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), wanted.encode()):
            return error(190)
        number = request.match_info.get("number", request.app[WORLD].settings.whatsapp_phone_number_id)
        if number != request.app[WORLD].settings.whatsapp_phone_number_id:
            return _unknown(number)
        try:
            return await handler(request)
        except Problem as problem:
            return error(problem.code, problem.details, subcode=problem.subcode)

    return checked


def _unknown(name: str) -> web.Response:
    return error(
        100,
        f"Unsupported request. Object with ID '{name}' does not exist, or cannot be loaded due to missing permissions",
        subcode=_UNKNOWN_OBJECT,
    )


async def _messages(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    try:
        payload = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise Problem(100, "The request body is not valid JSON.") from None
    if not isinstance(payload, dict):
        raise Problem(100, "The request body must be an object.")
    if payload.get("status") == "read":
        return _mark_read(world, payload)
    return await _send(request, world, payload)


async def _send(request: web.Request, world: World, payload: Mapping[str, object]) -> web.StreamResponse:
    to = text_of(payload, "to") or text_of(payload, "recipient")
    fault = world.faults.take(Provider.CLOUD, f"+{to}" if to.isdigit() else to)
    if fault is not None and (answer := await _fail_early(request, fault)) is not None:
        return answer
    accepted = accept(world, payload)
    message = accepted.message
    if message.kind == "reaction":
        _react(world, message, payload)
    else:
        world.ledger.add(message)
    late_code = fault.code if fault is not None and fault.kind is Kind.CODE else accepted.late_code
    if not late_code:
        world.outbox.count(Provider.CLOUD, message.callback_data or message.message_id)
    if world.faults.rules.callbacks or late_code:
        world.spawn(report(world, request.app[HOOKS], message, late_code))
    if fault is not None and fault.kind is Kind.ACCEPT_DROP:
        return _hang_up(request)
    return _json(_receipt(message, payload))


def _receipt(message: CloudMessage, payload: Mapping[str, object]) -> dict[str, object]:
    contact: dict[str, object] = {"input": text_of(payload, "to") or text_of(payload, "recipient")}
    if message.customer.startswith("+"):
        contact["wa_id"] = message.customer.removeprefix("+")
    contact["user_id"] = message.user_id
    receipt: dict[str, object] = {"id": message.message_id}
    if message.kind == "template":
        receipt["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [receipt]}


async def _fail_early(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    match fault.kind:
        case Kind.THROTTLE:
            return error(130429, retry_after_seconds=fault.retry_after_seconds)
        case Kind.ERROR_500:
            return error(131000)
        case Kind.CODE if not words(fault.code).is_late:
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


async def report(world: World, hooks: CloudHooks, message: CloudMessage, late_code: int) -> None:
    """Carry a message to its customer and tell the product how it went: sent, delivered; or failed with `late_code`."""
    steps = ["failed"] if late_code else ["sent", "delivered"]
    if world.faults.rules.callback_backwards:
        steps.reverse()
    for step in steps:
        await asyncio.sleep(pause_seconds())
        await set_status(world, hooks, message.message_id, step, late_code, fallback=message)


async def set_status(
    world: World,
    hooks: CloudHooks,
    message_id: str,
    status: str,
    code: int = 0,
    *,
    fallback: CloudMessage | None = None,
) -> None:
    """Change a message's status and tell the product, as the rules say; reactions, kept nowhere, are the `fallback`."""
    kept = world.ledger.get(message_id)
    message = kept if isinstance(kept, CloudMessage) else fallback
    if message is None:
        return
    world.ledger.set_status(message_id, status, error_code=code or None, error=words(code).title if code else "")
    rules = world.faults.rules
    if not rules.callbacks or rules.callback_drop:
        return
    await asyncio.sleep(rules.callback_delay_ms / 1000)
    for _ in range(2 if rules.callback_twice else 1):
        hooks.tell(status_value(message, status, [status_error(code)] if code else ()))


def _react(world: World, message: CloudMessage, payload: Mapping[str, object]) -> None:
    target = world.ledger.get(text_of(child(payload, "reaction"), "message_id"))
    if target is None or target.customer != message.customer:
        raise Problem(131009, "The message reacted to is unknown")
    world.ledger.change(replace(target, reaction=message.text))


def _mark_read(world: World, payload: Mapping[str, object]) -> web.Response:
    message = world.ledger.get(text_of(payload, "message_id"))
    if not isinstance(message, CloudMessage):
        raise Problem(100, "Param message_id is not a message of this number")
    world.ledger.set_status(message.message_id, "read")
    if child(payload, "typing_indicator"):
        world.feed.publish("typing", {"channel": message.channel, "customer": message.customer, "seconds": 25})
    return _json({"success": True})


async def _upload(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    file = form.get("file")
    if not isinstance(file, web.FileField) or form.get("messaging_product") != "whatsapp":
        raise Problem(100, "The parameters messaging_product and file are required.")
    media = Media(
        content=file.file.read(), media_type=str(form.get("type") or file.content_type), filename=file.filename
    )
    return _json({"id": request.app[WORLD].media.put(media)})


async def _media(request: web.Request) -> web.StreamResponse:
    world, media_id = request.app[WORLD], request.match_info["media"]
    media = world.media.get(media_id)
    if media is None:
        return _unknown(media_id)
    links = request.app[LINKS]
    link = secrets.token_urlsafe(24)
    links[link] = (media_id, time.monotonic() + _LINK_SECONDS)
    if len(links) > _KEPT_LINKS:
        links.popitem(last=False)
    return _json(
        {
            "messaging_product": "whatsapp",
            "url": f"{world.base_url}/_lookaside/{link}",
            "mime_type": media.media_type,
            "sha256": hashlib.sha256(media.content).hexdigest(),
            "file_size": len(media.content),
            "id": media_id,
        }
    )


async def _delete(request: web.Request) -> web.StreamResponse:
    if not request.app[WORLD].media.drop(request.match_info["media"]):
        return _unknown(request.match_info["media"])
    return _json({"success": True})


async def _download(request: web.Request) -> web.StreamResponse:
    media_id, expires_at = request.app[LINKS].get(request.match_info["link"], ("", 0.0))
    media = request.app[WORLD].media.get(media_id)
    if media is None or time.monotonic() > expires_at:
        return web.Response(status=404)
    return web.Response(body=media.content, headers={"Content-Type": media.media_type})


def _json(data: object) -> web.Response:
    return web.Response(body=orjson.dumps(data), content_type="application/json")
