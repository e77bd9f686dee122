"""What becomes of a message the Cloud API takes: how it looks on the customer's phone, and whether it will fail."""

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.sandbox.cloud.check import check
from gateway.sandbox.cloud.fields import Problem, child, children, text_of
from gateway.sandbox.message import Author, Channel, Choice, CloudMessage, File
from gateway.sandbox.templates import plain_rendering
from gateway.sandbox.twilio.inbound import user_id_of
from gateway.sandbox.world import World

_DIGITS = re.compile(r"[^0-9]")
_PHONE = re.compile(r"[1-9][0-9]{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_WINDOW_CLOSED, _MARKETING_STOPPED = 131047, 131050


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A message to deliver, and the code it will fail with (0: none)."""

    message: CloudMessage
    late_code: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What the customer sees."""

    text: str = ""
    header: str = ""
    footer: str = ""
    choices: tuple[Choice, ...] = ()
    list_label: str = ""
    files: tuple[File, ...] = ()
    template: str = ""
    category: str = "service"


def new_wamid(phone: str) -> str:
    """Make a WhatsApp message id; like Meta's, it holds the phone and a random part in base64."""
    digits = _DIGITS.sub("", phone)[:15].encode()
    tail = secrets.token_hex(9).upper().encode()
    packed = b"\x1c\x18" + bytes([len(digits)]) + digits + b"\x15\x02\x00\x11\x18\x12" + tail + b"\x00"
    return "wamid." + base64.b64encode(packed).decode()


def accept(world: World, payload: Mapping[str, object]) -> Accepted:
    """Check a message and make it.

    Raises:
        Problem: Meta would answer with an error.
    """
    kind = check(payload)
    customer = recipient(payload)
    shown = _shown(world, kind, payload)
    late_code = _late_code(world, customer, kind, shown)
    if late_code == _WINDOW_CLOSED and world.faults.rules.window_error_at_once:
        raise Problem(late_code)
    message = CloudMessage(
        message_id=new_wamid(customer),
        channel=Channel.CLOUD,
        author=Author.BUSINESS,
        customer=customer,
        ours=world.settings.whatsapp_phone_number_id,
        at=datetime.now(UTC),
        kind=kind,
        text=shown.text,
        status="accepted",
        header=shown.header,
        footer=shown.footer,
        choices=shown.choices,
        list_label=shown.list_label,
        files=shown.files,
        reply_to=text_of(child(payload, "context"), "message_id"),
        template=shown.template,
        user_id=user_id_of(customer),
        callback_data=text_of(payload, "biz_opaque_callback_data"),
        category=shown.category,
    )
    return Accepted(message=message, late_code=late_code)


def recipient(payload: Mapping[str, object]) -> str:
    """Read who a message goes to: a phone as +digits, or a business-scoped user id.

    Raises:
        Problem: it is neither.
    """
    to = text_of(payload, "to").strip()
    digits = _DIGITS.sub("", to)
    if to and _PHONE.fullmatch(digits):
        return f"+{digits}"
    user_id = text_of(payload, "recipient").strip() or to
    if _USER_ID.fullmatch(user_id):
        return user_id
    raise Problem(131009, "Recipient is not a valid phone number or user id")


def _late_code(world: World, customer: str, kind: str, shown: _Shown) -> int:
    if shown.category == "marketing" and customer in world.ledger.stopped_marketing:
        return _MARKETING_STOPPED
    is_open = world.ledger.is_window_open(Channel.CLOUD, customer)
    return 0 if kind == "template" or is_open else _WINDOW_CLOSED


def _shown(world: World, kind: str, payload: Mapping[str, object]) -> _Shown:
    content = child(payload, kind)
    shown = _Shown()
    match kind:
        case "text":
            shown = _Shown(text=text_of(content, "body"))
        case "template":
            shown = _template(world, content)
        case "interactive":
            shown = _interactive(content)
        case "location":
            shown = _Shown(text=place_text(content))
        case "contacts":
            names = [text_of(child(contact, "name"), "formatted_name") for contact in children(payload, "contacts")]
            shown = _Shown(text=", ".join(names))
        case "reaction":
            shown = _Shown(text=text_of(content, "emoji"))
        case _:
            shown = _Shown(text=text_of(content, "caption"), files=(_file(world, kind, content),))
    return shown


def place_text(content: Mapping[str, object]) -> str:
    """Write a location in lines: its name, its address, its coordinates."""
    coordinates = f"{text_of(content, 'latitude')}, {text_of(content, 'longitude')}"
    lines = (text_of(content, "name"), text_of(content, "address"), coordinates)
    return "\n".join(line for line in lines if line)


def _file(world: World, kind: str, content: Mapping[str, object]) -> File:
    token, link = text_of(content, "id"), text_of(content, "link")
    if link:
        return File(filename=text_of(content, "filename") or link.rsplit("/", 1)[-1], media_type=kind, url=link)
    media = world.media.get(token)
    if media is None:
        raise Problem(100, f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID")
    name = text_of(content, "filename") or media.filename
    return File(filename=name, media_type=media.media_type, token=token, size_bytes=len(media.content))


def _interactive(content: Mapping[str, object]) -> _Shown:
    action = child(content, "action")
    choices: list[Choice] = []
    for button in children(action, "buttons"):
        reply = child(button, "reply")
        choices.append(Choice(kind="button", key=text_of(reply, "id"), label=text_of(reply, "title")))
    choices.extend(
        Choice(
            kind="row",
            key=text_of(row, "id"),
            label=text_of(row, "title"),
            description=text_of(row, "description"),
        )
        for section in children(action, "sections")
        for row in children(section, "rows")
    )
    parameters = child(action, "parameters")
    if content.get("type") == "cta_url":
        label = text_of(parameters, "display_text")
        choices.append(Choice(kind="link", key="", label=label, url=text_of(parameters, "url")))
    return _Shown(
        text=text_of(child(content, "body"), "text"),
        header=text_of(child(content, "header"), "text"),
        footer=text_of(child(content, "footer"), "text"),
        choices=tuple(choices),
        list_label=text_of(action, "button"),
    )


def _template(world: World, content: Mapping[str, object]) -> _Shown:
    name, language = text_of(content, "name"), text_of(child(content, "language"), "code")
    values: dict[str, str] = {}
    payloads: dict[int, str] = {}
    for component in children(content, "components"):
        parameters = children(component, "parameters")
        kind = text_of(component, "type").lower()
        if kind == "body":
            for number, parameter in enumerate(parameters, 1):
                values[text_of(parameter, "parameter_name") or str(number)] = text_of(parameter, "text")
        elif kind == "button" and parameters:
            payloads[int(text_of(component, "index") or 0)] = text_of(parameters[0], "payload")
    template = world.templates.find(name, language)
    if template is None:
        if world.templates.knows(name):
            raise Problem(132001, f"template name ({name}) does not exist in {language}")
        return _Shown(text=plain_rendering(name, tuple(values.values())), template=name, category="utility")
    if template.placeholders != set(values):
        expected, given = len(template.placeholders), len(values)
        raise Problem(132000, f"body: number of localizable_params ({given}) does not match the expected ({expected})")
    return _Shown(
        text=template.fill(values), template=name, category=template.category, choices=template.choices(payloads)
    )
