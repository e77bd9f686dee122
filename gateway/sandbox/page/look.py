"""The JSON API's ways to look and to arrange: messages, counts, files, faults, rules and templates."""

from dataclasses import asdict

from aiohttp import web

from gateway.sandbox.faults import Fault, Kind, Provider
from gateway.sandbox.mail.read import read_mail
from gateway.sandbox.message import MailMessage
from gateway.sandbox.page.body import BadBody, phone, read_body, text
from gateway.sandbox.templates import Template
from gateway.sandbox.twilio.inbound import user_id_of
from gateway.sandbox.view import message_view
from gateway.sandbox.world import WORLD, World

_MOST_LISTED = 1_000
_SHOWN_IN_PLACE = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "audio/ogg", "audio/mpeg", "video/mp4"}
)
_FILE_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
_HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


async def state(request: web.Request) -> web.Response:
    """Tell whose numbers these are, what is set to go wrong, and what did."""
    world = request.app[WORLD]
    settings = world.settings
    return web.json_response(
        {
            "numbers": {
                "sms": settings.twilio_sms_from,
                "whatsapp": settings.twilio_whatsapp_from,
                "cloud": settings.whatsapp_phone_number_id,
                "mail": settings.mail_address,
            },
            "notes": list(world.ledger.notes),
            **_faults_view(world),
        }
    )


async def messages(request: web.Request) -> web.Response:
    """List messages, oldest first: those `with` any of these addresses, on this `channel`, at most `limit`."""
    world, query = request.app[WORLD], request.query
    wanted = {address.lower() for address in query.getall("with", [])}
    channel, limit = query.get("channel", ""), query.get("limit", "200")
    if not limit.isdigit():
        raise BadBody("limit must be a number")
    found = []
    for message in world.ledger.newest_first():
        if (not wanted or message.customer.lower() in wanted) and channel in ("", message.channel):
            found.append(message_view(message, world.media))
            if len(found) >= min(int(limit), _MOST_LISTED):
                break
    return web.json_response({"messages": found[::-1]})


async def outbox(request: web.Request) -> web.Response:
    """Count what really reached customers, per the product's own id; `ids=0` leaves the long list of ids out."""
    view = request.app[WORLD].outbox.view(with_ids=request.query.get("ids", "1") != "0")
    return web.json_response(asdict(view))


async def user_id(request: web.Request) -> web.Response:
    """Tell the WhatsApp user id behind the phone in `from`."""
    return web.json_response({"user_id": user_id_of(phone(request.query, or_user_id=True))})


async def faults(request: web.Request) -> web.Response:
    """Add faults (POST one, or several as `faults`), set `rules`; show both (GET), or clear both (DELETE)."""
    world = request.app[WORLD]
    if request.method == "DELETE":
        world.faults.clear()
    elif request.method == "POST":
        data = await read_body(request)
        rules, several = data.pop("rules", {}), data.pop("faults", [data] if data else [])
        if not isinstance(rules, dict) or not isinstance(several, list):
            raise BadBody("rules must be an object, faults a list")
        try:
            changed = world.faults.rules.changed(rules)
            added = [Fault.read(fault) for fault in several]
        except (ValueError, TypeError) as error:
            raise BadBody(str(error)) from None
        world.faults.rules = changed
        for fault in added:
            world.faults.add(fault)
    return web.json_response(_faults_view(world))


def _faults_view(world: World) -> dict[str, object]:
    return {
        "faults": [asdict(fault) for fault in world.faults.waiting],
        "rules": asdict(world.faults.rules),
        "providers": list(Provider),
        "kinds": list(Kind),
    }


async def templates(request: web.Request) -> web.Response:
    """Register an approved template: `name` (or Twilio's content SID), `language`, `body`, `buttons`, `category`."""
    data = await read_body(request)
    buttons = data.get("buttons") or []
    if not isinstance(buttons, list) or not text(data, "name") or not text(data, "body"):
        raise BadBody("a template needs a name and a body; buttons are a list of texts")
    try:
        request.app[WORLD].templates.add(
            Template(
                name=text(data, "name"),
                language=text(data, "language"),
                body=text(data, "body"),
                buttons=tuple(map(str, buttons)),
                category=text(data, "category", "utility"),
            )
        )
    except ValueError as error:
        raise BadBody(str(error)) from None
    return web.json_response({"registered": True})


async def reset(request: web.Request) -> web.Response:
    """Forget everything: messages, counts, faults, rules, templates."""
    await read_body(request)
    request.app[WORLD].clear()
    return web.json_response({"empty": True})


async def file(request: web.Request) -> web.Response:
    """Give a kept file; only pictures, sound and film are shown in place."""
    media = request.app[WORLD].media.get(request.match_info["token"])
    if media is None:
        return web.json_response({"error": "no such file, or it had to make room"}, status=404)
    disposition = "inline" if media.media_type in _SHOWN_IN_PLACE else "attachment"
    headers = {**_FILE_HEADERS, "Content-Disposition": disposition, "Content-Type": media.media_type}
    return web.Response(body=media.content, headers=headers)


async def mail_html(request: web.Request) -> web.Response:
    """Show a mail's HTML with nothing loaded and nothing run."""
    world = request.app[WORLD]
    message = world.ledger.get(request.query.get("id", ""))
    media = world.media.get(message.raw_token) if isinstance(message, MailMessage) else None
    if media is None:
        return web.json_response({"error": "no such mail"}, status=404)
    return web.Response(
        text=read_mail(media.content).html,
        content_type="text/html",
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": _HTML_POLICY},
    )
