"""The customer writes by SMS, or by WhatsApp through Twilio: the webhook Twilio makes of it, and its STOP words."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from gateway.sandbox.message import Author, Channel, File, TwilioMessage
from gateway.sandbox.post import Answer, PostError
from gateway.sandbox.segments import count_segments
from gateway.sandbox.twilio.hooks import post_form
from gateway.sandbox.twilio.wire import API_VERSION, derived_sid, media_sid, new_sid, now
from gateway.sandbox.world import World

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_START = frozenset({"START", "YES", "UNSTOP"})
_HELP = frozenset({"HELP", "INFO"})
_ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_PLACES = ("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip")
_COUNTRIES = (("972", "IL"), ("44", "GB"), ("49", "DE"), ("33", "FR"), ("7", "RU"), ("1", "US"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the customer did: wrote, tapped a button or a list row, sent files or a place, answered a message."""

    customer: str
    name: str = ""
    text: str = ""
    button_text: str = ""
    button_payload: str = ""
    list_id: str = ""
    list_title: str = ""
    reply_to: str = ""
    files: tuple[File, ...] = ()
    latitude: str = ""
    longitude: str = ""
    address: str = ""
    label: str = ""
    user_id: str = ""


async def say(world: World, channel: Channel, said: Said) -> tuple[TwilioMessage, Answer | PostError]:
    """Let the customer send this; gives the message and how the product took its webhook."""
    message = _message(world, channel, said)
    world.ledger.add(message)
    opt_out = _opt_out(world, message) if channel is Channel.SMS else ""
    form = inbound_form(world, message, said)
    if opt_out and world.faults.rules.advanced_opt_out:
        form.append(("OptOutType", opt_out))
    options = world.faults.rules.twilio_webhook_options
    url = f"{world.settings.public_url}/webhooks/twilio/message" + (f"#{options}" if options else "")
    outcome = await post_form(world, url, form)
    is_success = isinstance(outcome, Answer) and outcome.is_success
    reason = str(outcome) if isinstance(outcome, PostError) else f"HTTP {outcome.status}"
    world.ledger.change(
        replace(message, status="received" if is_success else "failed", error="" if is_success else reason)
    )
    if opt_out:
        _answer_itself(world, message, opt_out)
    return message, outcome


def inbound_form(world: World, message: TwilioMessage, said: Said) -> list[tuple[str, str]]:
    """Write the form of the webhook for an inbound message, blank fields included."""
    account = world.settings.twilio_account_sid
    form = [
        ("SmsMessageSid", message.message_id),
        ("NumMedia", str(len(message.files))),
        ("SmsSid", message.message_id),
        ("SmsStatus", "received"),
        ("Body", message.text),
        ("To", message.to_address),
        ("NumSegments", str(message.segments)),
        ("MessageSid", message.message_id),
        ("AccountSid", account),
        ("From", message.from_address),
        ("ApiVersion", API_VERSION),
    ]
    base = f"{world.base_url}/{API_VERSION}/Accounts/{account}/Messages/{message.message_id}/Media/"
    for index, file in enumerate(message.files):
        form += [(f"MediaUrl{index}", base + media_sid(file.token)), (f"MediaContentType{index}", file.media_type)]
    if message.channel is Channel.SMS:
        form += [(place, "") for place in _PLACES]
        return [*form, ("FromCountry", _country(message.customer)), ("ToCountry", _country(message.ours))]
    return form + _whatsapp_fields(message, said)


def _whatsapp_fields(message: TwilioMessage, said: Said) -> list[tuple[str, str]]:
    digits = message.customer.removeprefix("+")
    profile = {"ProfileName": said.name} | ({"WaId": digits} if digits.isdigit() else {})
    metadata = {"type": "whatsapp", "data": {"context": profile}}
    form = [
        ("ProfileName", said.name),
        ("MessageType", message.kind),
        ("ChannelMetadata", orjson.dumps(metadata).decode()),
        ("ExternalUserId", f"whatsapp:{said.user_id or user_id_of(message.customer)}"),
    ]
    form += [("WaId", digits)] if digits.isdigit() else []
    optional: Mapping[str, str] = {
        "ButtonText": said.button_text,
        "ButtonPayload": said.button_payload,
        "ListId": said.list_id,
        "ListTitle": said.list_title,
        "Latitude": said.latitude,
        "Longitude": said.longitude,
        "Address": said.address,
        "Label": said.label,
        "OriginalRepliedMessageSid": said.reply_to,
        "OriginalRepliedMessageSender": message.to_address if said.reply_to else "",
    }
    return form + [(name, value) for name, value in optional.items() if value]


def user_id_of(customer: str) -> str:
    """Give the business-scoped user id WhatsApp knows this phone by, or the id itself when it already is one."""
    if re.match(r"[A-Z]{2}\.", customer):
        return customer
    number = int(hashlib.md5(customer.encode(), usedforsecurity=False).hexdigest()[:15], 16)
    return f"{_country(customer)}.{number:017d}"


def _country(number: str) -> str:
    digits = number.removeprefix("+")
    return next((country for prefix, country in _COUNTRIES if digits.startswith(prefix)), "US")


def _message(world: World, channel: Channel, said: Said) -> TwilioMessage:
    is_sms = channel is Channel.SMS
    ours = world.settings.twilio_sms_from if is_sms else world.settings.twilio_whatsapp_from
    prefix, at = "" if is_sms else "whatsapp:", now()
    text = said.button_text or said.list_title or said.text
    return TwilioMessage(
        message_id=new_sid("MM" if said.files else "SM"),
        channel=channel,
        author=Author.CUSTOMER,
        customer=said.customer,
        ours=ours,
        at=at,
        kind=_kind(said),
        text=text,
        name=said.name,
        status="receiving",
        files=said.files,
        reply_to=said.reply_to,
        from_address=prefix + said.customer,
        to_address=prefix + ours,
        direction="inbound",
        updated_at=at,
        sent_at=at,
        segments=count_segments(text) if is_sms else 1,
    )


def _kind(said: Said) -> str:
    if said.button_text:
        return "button"
    if said.list_id:
        return "interactive"
    if said.latitude:
        return "location"
    if said.files:
        main_type = said.files[0].media_type.partition("/")[0]
        return main_type if main_type in ("image", "audio", "video") else "document"
    return "text"


def _opt_out(world: World, message: TwilioMessage) -> str:
    word = message.text.strip().upper()
    stopped = world.ledger.stopped
    if word in _STOP:
        stopped.add(message.customer)
        return "STOP"
    if word in _START and message.customer in stopped:
        stopped.discard(message.customer)
        return "START"
    return "HELP" if word in _HELP else ""


def _answer_itself(world: World, message: TwilioMessage, opt_out: str) -> None:
    world.ledger.add(
        replace(
            message,
            message_id=derived_sid("SM", message.message_id),
            author=Author.PROVIDER,
            text=_ANSWERS[opt_out],
            name="",
            status="delivered",
            error="",
            files=(),
            from_address=message.to_address,
            to_address=message.from_address,
            direction="outbound-reply",
        )
    )
