"""The JSON API's ways to play the customer: write an SMS, a WhatsApp message, a mail; tap, react, read, unsubscribe."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import web

from gateway.sandbox.cloud import hooks as cloud_hooks
from gateway.sandbox.cloud import inbound as cloud
from gateway.sandbox.cloud import rest as cloud_rest
from gateway.sandbox.mail.compose import Letter, Program, compose
from gateway.sandbox.mail.read import MailText, read_mail
from gateway.sandbox.mail.send import deliver
from gateway.sandbox.media import Media
from gateway.sandbox.message import Author, Channel, CloudMessage, File, MailMessage, Message, TwilioMessage
from gateway.sandbox.page.body import BadBody, flag, keep, mailbox, media, part, phone, read_body, text
from gateway.sandbox.post import Answer, PostError
from gateway.sandbox.twilio import hooks as twilio_hooks
from gateway.sandbox.twilio import inbound as twilio
from gateway.sandbox.world import WORLD, World

_BY_CHANNEL = {"sms": Channel.SMS, "whatsapp": Channel.WHATSAPP, "cloud": Channel.CLOUD}


async def sms(request: web.Request) -> web.Response:
    """Let a phone send an SMS."""
    return await _through_twilio(request, Channel.SMS)


async def whatsapp(request: web.Request) -> web.Response:
    """Let a phone send a WhatsApp message that reaches the product through Twilio."""
    return await _through_twilio(request, Channel.WHATSAPP)


async def _through_twilio(request: web.Request, channel: Channel) -> web.Response:
    world, data = request.app[WORLD], await read_body(request)
    button, row, place = part(data, "button"), part(data, "list"), part(data, "location")
    said = twilio.Said(
        customer=phone(data, or_user_id=channel is Channel.WHATSAPP),
        name=text(data, "name"),
        text=text(data, "text"),
        button_text=text(button, "text"),
        button_payload=text(button, "payload"),
        list_id=text(row, "id"),
        list_title=text(row, "title"),
        reply_to=text(data, "reply_to"),
        files=tuple(keep(world.media, file) for file in media(data)),
        latitude=str(place.get("latitude", "")),
        longitude=str(place.get("longitude", "")),
        address=text(place, "address"),
        label=text(place, "name"),
    )
    message, outcome = await twilio.say(world, channel, said)
    return _told(message.message_id, outcome)


async def cloud_message(request: web.Request) -> web.Response:
    """Let a person send a WhatsApp message that reaches the product through Meta's Cloud API."""
    world, data = request.app[WORLD], await read_body(request)
    who = _person(data)
    kind, content, file = _cloud_content(world, data)
    said = cloud.CloudSaid(person=who, kind=kind, content=content, reply_to=text(data, "reply_to"), file=file)
    message, outcome = await cloud.say(world, request.app[cloud_rest.HOOKS], said)
    return _told(message.message_id, outcome)


def _person(data: Mapping[str, object]) -> cloud.Person:
    return cloud.person(
        address=phone(data, or_user_id=True),
        name=text(data, "name"),
        username=text(data, "username"),
        hides_phone=flag(data, "hides_phone"),
    )


def _cloud_content(world: World, data: Mapping[str, object]) -> tuple[str, Mapping[str, object], File | None]:
    for kind in ("button_reply", "list_reply"):
        if kind in data:
            return "interactive", {"type": kind, kind: part(data, kind)}, None
    for kind in ("button", "location", "reaction"):
        if kind in data:
            return kind, part(data, kind), None
    if "content" in data:
        return text(data, "kind") or "text", part(data, "content"), None
    if files := media(data):
        file = keep(world.media, files[0])
        content = cloud.media_content(files[0], file.token, caption=text(data, "text"))
        return cloud.media_kind(file.media_type), content, file
    if text(data, "kind") == "unsupported":
        return "unsupported", {}, None
    return "text", {"body": text(data, "text")}, None


async def preference(request: web.Request) -> web.Response:
    """Let a WhatsApp user stop (`marketing` false) or resume marketing messages in WhatsApp's own settings."""
    data = await read_body(request)
    outcome = await cloud.prefer(
        request.app[WORLD], request.app[cloud_rest.HOOKS], _person(data), marketing=flag(data, "marketing")
    )
    return _told("", outcome)


async def mail(request: web.Request) -> web.Response:
    """Let a mailbox write to the product, or answer a mail of its; `raw` sends these very bytes."""
    world, data = request.app[WORLD], await read_body(request)
    answered = _answered(world, text(data, "reply_to"))
    recipient = text(data, "to") or (answered.reply_address if answered else "") or world.settings.mail_address
    letter = Letter(
        sender=mailbox(data, "from"),
        recipient=mailbox({"to": recipient}, "to"),
        name=text(data, "name"),
        subject=text(data, "subject"),
        text=text(data, "text"),
        language=text(data, "language", "en"),
        program=_program(data),
        files=media(data),
        authenticated=flag(data, "authenticated"),
    )
    message_id, raw = _raw(data) or compose(letter, answered)
    token = world.media.put(Media(content=raw, media_type="message/rfc822", filename="mail.eml"))
    message = MailMessage(
        message_id=message_id,
        channel=Channel.MAIL,
        author=Author.CUSTOMER,
        customer=letter.sender.lower(),
        ours=letter.recipient,
        at=datetime.now(UTC),
        kind="mail",
        name=letter.name,
        status="sending",
        reply_to=text(data, "reply_to"),
        raw_token=token,
        sender=letter.sender,
        subject=letter.subject,
    )
    world.ledger.add(message)
    reply = await deliver(world.settings, letter.sender, letter.recipient, raw)
    status, error_code = ("sent", None) if reply.is_success else ("refused", reply.code or None)
    world.ledger.change(replace(message, status=status, smtp_reply=reply.text, error_code=error_code))
    return web.json_response(
        {"id": message_id, "accepted": reply.is_success, "status": reply.code, "reply": reply.text}
    )


def _program(data: Mapping[str, object]) -> Program:
    try:
        return Program(text(data, "program", "gmail"))
    except ValueError:
        raise BadBody(f"program must be one of {', '.join(Program)}") from None


def _answered(world: World, message_id: str) -> MailText | None:
    if not message_id:
        return None
    message = world.ledger.get(message_id)
    raw = world.media.get(message.raw_token) if isinstance(message, MailMessage) else None
    if raw is None:
        raise BadBody("reply_to names no mail that is still here")
    return read_mail(raw.content)


def _raw(data: Mapping[str, object]) -> tuple[str, bytes] | None:
    if "raw" not in data:
        return None
    try:
        raw = base64.b64decode(text(data, "raw"), validate=True)
    except binascii.Error:
        raise BadBody("raw must be base64") from None
    return read_mail(raw).message_id or f"<{id(raw)}@sandbox.invalid>", raw


async def read(request: web.Request) -> web.Response:
    """Let the customer read WhatsApp messages: those delivered get the status `read`; gives their ids."""
    data = await read_body(request)
    ids = data.get("ids")
    if not isinstance(ids, list):
        raise BadBody("ids must be a list")
    ready = [message for message in map(request.app[WORLD].ledger.get, map(str, ids)) if _can_be_read(message)]
    for message in ready:
        await _read(request, message)
    return web.json_response({"read": [message.message_id for message in ready if message]})


def _can_be_read(message: Message | None) -> bool:
    return (
        message is not None
        and message.author is Author.BUSINESS
        and message.channel in (Channel.WHATSAPP, Channel.CLOUD)
        and message.status == "delivered"
    )


async def _read(request: web.Request, message: Message | None) -> None:
    world = request.app[WORLD]
    if isinstance(message, TwilioMessage):
        world.spawn(twilio_hooks.set_status(world, message.message_id, "read"))
    elif isinstance(message, CloudMessage):
        await cloud_rest.set_status(world, request.app[cloud_rest.HOOKS], message.message_id, "read")


async def window(request: web.Request) -> web.Response:
    """Pretend that a customer's 24-hour window has run out on `channel`."""
    data = await read_body(request)
    channel = _BY_CHANNEL.get(text(data, "channel"))
    if channel is None:
        raise BadBody("channel must be whatsapp or cloud")
    request.app[WORLD].ledger.close_window(channel, phone(data, or_user_id=True))
    return web.json_response({"open": False})


async def unsubscribe(request: web.Request) -> web.Response:
    """Press a mail program's own "unsubscribe": one POST, without cookies or a page (RFC 8058)."""
    world, data = request.app[WORLD], await read_body(request)
    mail_text = _answered(world, text(data, "id"))
    if mail_text is None or not mail_text.unsubscribe_url:
        raise BadBody("this mail offers no one-click unsubscribing")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        outcome: Answer | PostError = await world.poster.post(
            mail_text.unsubscribe_url, b"List-Unsubscribe=One-Click", headers
        )
    except PostError as error:
        outcome = error
    return _told(text(data, "id"), outcome)


async def verify(request: web.Request) -> web.Response:
    """Check the product's WhatsApp webhook the way Meta does when its address is saved."""
    outcome = await cloud_hooks.shake_hands(request.app[WORLD])
    is_echo = isinstance(outcome, Answer) and outcome.is_success and outcome.text.strip() == cloud_hooks.CHALLENGE
    said = str(outcome) if isinstance(outcome, PostError) else f"{outcome.status}: {outcome.text[:200]}"
    return web.json_response({"accepted": is_echo, "error": "" if is_echo else said})


def _told(message_id: str, outcome: Answer | PostError) -> web.Response:
    if isinstance(outcome, PostError):
        return web.json_response({"id": message_id, "accepted": False, "status": 0, "error": str(outcome)})
    return web.json_response(
        {
            "id": message_id,
            "accepted": outcome.is_success,
            "status": outcome.status,
            "error": "" if outcome.is_success else outcome.text[:500],
        }
    )
