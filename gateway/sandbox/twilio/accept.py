"""What Twilio checks before it accepts a message, and the message it then makes of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import orjson

from gateway.sandbox.message import Author, Channel, Choice, File, TwilioMessage
from gateway.sandbox.segments import count_segments
from gateway.sandbox.templates import plain_rendering
from gateway.sandbox.twilio.errors import words
from gateway.sandbox.twilio.wire import new_sid, now
from gateway.sandbox.world import World

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")
_LONGEST_BODY = 1600
_PREFIX = "whatsapp:"


class Refusal(Exception):
    """Twilio does not accept the message: its error code, and words when they are not the usual ones."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    """What the customer will see."""

    text: str
    template: str = ""
    choices: tuple[Choice, ...] = ()


def accept(world: World, form: Sequence[tuple[str, str]]) -> tuple[TwilioMessage, str]:
    """Make the message a create request asks for, and the sender's own id for it (from the status callback's query).

    A message outside WhatsApp's window is accepted with `error_code` set: Twilio reports that one late.

    Raises:
        Refusal: Twilio would answer with an error.
    """
    fields = dict(form)
    media = tuple(value for name, value in form if name == "MediaUrl" and value)
    to, is_whatsapp = _recipient(fields)
    sender = _sender(world, fields, is_whatsapp=is_whatsapp)
    channel = Channel.WHATSAPP if is_whatsapp else Channel.SMS
    if not is_whatsapp and to in world.ledger.stopped:
        raise Refusal(21610)
    content = _content(world, fields, media)
    callback_url = _callback(fields)
    error_code = None
    if is_whatsapp and not content.template and not world.ledger.is_window_open(channel, to):
        if world.faults.rules.window_error_at_once:
            raise Refusal(63016, words(63016))
        error_code = 63016
    service_sid, created_at = fields.get("MessagingServiceSid", ""), now()
    sid = new_sid("MM" if media else "SM")
    message = TwilioMessage(
        message_id=sid,
        channel=channel,
        author=Author.BUSINESS,
        customer=to,
        ours=sender,
        at=created_at,
        text=content.text,
        status="accepted" if service_sid else "queued",
        error_code=error_code,
        choices=content.choices,
        files=tuple(File(filename=url.rsplit("/", 1)[-1], media_type="", url=url) for url in media),
        template=content.template,
        from_address=_PREFIX + sender if is_whatsapp else sender,
        to_address=fields["To"].strip(),
        direction="outbound-api",
        updated_at=created_at,
        segments=1 if is_whatsapp else count_segments(content.text),
        callback_url=callback_url,
        service_sid=service_sid,
    )
    return message, own_id(callback_url) or sid


def own_id(callback_url: str) -> str:
    """Read the sender's own id from a status callback: the last value in its query."""
    values = parse_qsl(urlsplit(callback_url).query)
    return values[-1][1] if values else ""


def _recipient(fields: dict[str, str]) -> tuple[str, bool]:
    to = fields.get("To", "").strip()
    if not to:
        raise Refusal(21604)
    is_whatsapp, number = to.startswith(_PREFIX), to.removeprefix(_PREFIX)
    if not (_E164.fullmatch(number) or (is_whatsapp and _USER_ID.fullmatch(number))):
        raise Refusal(21211, f"Invalid 'To' Phone Number: {to}")
    return number, is_whatsapp


def _sender(world: World, fields: dict[str, str], *, is_whatsapp: bool) -> str:
    sender, service = fields.get("From", "").strip(), fields.get("MessagingServiceSid", "")
    settings = world.settings
    ours = settings.twilio_whatsapp_numbers if is_whatsapp else settings.twilio_sms_numbers
    if not sender and not service:
        raise Refusal(21603)
    if service and not _SERVICE.fullmatch(service):
        raise Refusal(21701, "The Messaging Service resource was not found")
    if not sender:
        return ours[0]
    if sender.startswith(_PREFIX) != is_whatsapp:
        raise Refusal(21910)
    number = sender.removeprefix(_PREFIX)
    if number not in ours:
        raise Refusal(63007) if is_whatsapp else Refusal(21606)
    return number


def _content(world: World, fields: dict[str, str], media: Sequence[str]) -> _Content:
    content_sid, body = fields.get("ContentSid", ""), fields.get("Body", "")
    if content_sid:
        return _template(world, content_sid, fields.get("ContentVariables", ""))
    if not body and not media:
        raise Refusal(21602)
    if len(body) > _LONGEST_BODY:
        raise Refusal(21617)
    if any(urlsplit(url).scheme not in ("http", "https") for url in media):
        raise Refusal(21620)
    return _Content(text=body)


def _template(world: World, content_sid: str, variables: str) -> _Content:
    try:
        values = orjson.loads(variables or "{}")
    except orjson.JSONDecodeError:
        raise Refusal(21656) from None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Refusal(21656)
    template = world.templates.find(content_sid)
    if template is None:
        return _Content(text=plain_rendering(content_sid, tuple(values.values())), template=content_sid)
    if template.placeholders - set(values):
        raise Refusal(21656)
    return _Content(text=template.fill(values), template=content_sid, choices=template.choices({}))


def _callback(fields: dict[str, str]) -> str:
    url = fields.get("StatusCallback", "").strip()
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise Refusal(21609)
    return url
