"""Webhooks as Twilio sends them: signed forms, its retry rules, status callbacks in order or, when asked to, not."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, urldefrag, urlencode

from gateway.sandbox.faults import Rules
from gateway.sandbox.message import Channel, TwilioMessage
from gateway.sandbox.post import Answer, PostError
from gateway.sandbox.twilio.errors import words
from gateway.sandbox.twilio.wire import API_VERSION, derived_sid, now, sign
from gateway.sandbox.world import World, pause_seconds

_TWIML_TYPES = frozenset({"text/xml", "application/xml", "text/html", "text/plain"})
_MOST_RETRIES = 5
_RETRY_SECONDS = 0.5
_EVENTS = {"sent": "SENT", "delivered": "DELIVERED", "read": "READ", "failed": "UNDELIVERED"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Twilio's connection overrides, from the fragment of a webhook address: seconds, retries, and what to retry on."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @classmethod
    def read(cls, fragment: str) -> Self:
        """Read `ct`, `rt` (milliseconds), `rc` and `rp`; what is missing or no number keeps its default."""
        values = {name: value for name, value in parse_qsl(fragment) if value}
        numbers = {name: int(value) for name, value in values.items() if value.isdigit()}
        return cls(
            connect_seconds=numbers.get("ct", 5000) / 1000,
            read_seconds=numbers.get("rt", 15000) / 1000,
            retries=min(numbers.get("rc", 1), _MOST_RETRIES),
            retry_on=frozenset(values.get("rp", "ct").split(",")),
        )

    def allows_retry(self, outcome: Answer | PostError) -> bool:
        """Say whether this outcome is one to try again after."""
        if isinstance(outcome, PostError):
            reason = "ct" if outcome.is_connect else "rt"
        else:
            reason = f"{outcome.status // 100}xx"
        return reason in self.retry_on or "all" in self.retry_on


async def post_form(world: World, url: str, form: Sequence[tuple[str, str]]) -> Answer | PostError:
    """Post a signed form to the product, with Twilio's retries; gives the last outcome."""
    address, fragment = urldefrag(url)
    patience = Patience.read(fragment)
    body = urlencode(form).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        "X-Twilio-Signature": sign(world.settings.twilio_auth_tokens[0], address, form),
    }
    for attempt in range(patience.retries + 1):
        if attempt:
            await asyncio.sleep(_RETRY_SECONDS * attempt)
        outcome: Answer | PostError
        try:
            outcome = await world.poster.post(
                address, body, headers, connect_seconds=patience.connect_seconds, read_seconds=patience.read_seconds
            )
        except PostError as error:
            outcome = error
        is_success = isinstance(outcome, Answer) and outcome.is_success
        if is_success or not patience.allows_retry(outcome):
            break
    _note_trouble(world, address, outcome)
    return outcome


async def report(world: World, sid: str, late_code: int) -> None:
    """Carry a message to its customer and tell the product how it went: sent, delivered; or failed with `late_code`."""
    rules = world.faults.rules
    steps = ["failed"] if late_code else ["sent", "delivered"]
    if rules.callback_backwards:
        steps.reverse()
    for step in steps:
        await asyncio.sleep(pause_seconds())
        await set_status(world, sid, step, late_code)


async def set_status(world: World, sid: str, status: str, code: int = 0) -> None:
    """Change the status of a message and call its status callback, as the rules say."""
    message = world.ledger.get(sid)
    if not isinstance(message, TwilioMessage):
        return
    changed = replace(
        message,
        status=status,
        error_code=code or None,
        error=words(code) if code else "",
        updated_at=now(),
        sent_at=message.sent_at or now(),
    )
    world.ledger.change(changed)
    rules = world.faults.rules
    if changed.callback_url and rules.callbacks and not rules.callback_drop:
        await _call_back(world, changed, rules)


async def _call_back(world: World, message: TwilioMessage, rules: Rules) -> None:
    await asyncio.sleep(rules.callback_delay_ms / 1000)
    form = callback_form(message, world.settings.twilio_account_sid)
    for _ in range(2 if rules.callback_twice else 1):
        await post_form(world, message.callback_url, form)


def callback_form(message: TwilioMessage, account_sid: str) -> list[tuple[str, str]]:
    """Write the form of a status callback."""
    form = [
        ("SmsSid", message.message_id),
        ("SmsStatus", message.status),
        ("MessageStatus", message.status),
        ("To", message.to_address),
        ("MessageSid", message.message_id),
        ("AccountSid", account_sid),
        ("From", message.from_address),
        ("ApiVersion", API_VERSION),
    ]
    if message.service_sid:
        form.append(("MessagingServiceSid", message.service_sid))
    if message.error_code:
        form.append(("ErrorCode", str(message.error_code)))
    if message.channel is Channel.SMS:
        if message.status == "delivered":
            form.append(("RawDlrDoneDate", message.updated_at.strftime("%y%m%d%H%M")))
        return form
    if message.error_code:
        form += [("ErrorMessage", message.error), ("ChannelStatusMessage", message.error)]
    return [
        *form,
        ("ChannelPrefix", "whatsapp"),
        ("ChannelInstallSid", derived_sid("XE", message.ours)),
        ("StructuredMessage", "false"),
        ("EventType", _EVENTS.get(message.status, message.status.upper())),
    ]


def _note_trouble(world: World, address: str, outcome: Answer | PostError) -> None:
    place = address.partition("?")[0]
    if isinstance(outcome, PostError):
        world.note(f"Twilio 11200: {place}: {outcome}")
    elif not outcome.is_success:
        world.note(f"Twilio 11200: {place} answered {outcome.status}")
    elif outcome.text and outcome.media_type not in _TWIML_TYPES:
        world.note(f"Twilio 12300: {place} answered with {outcome.media_type}, not TwiML")
