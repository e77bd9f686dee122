"""What the tests of Twilio and WhatsApp share: our accounts, signing as providers do, and a tiny provider to send to.

The signatures are computed here a second time, from the providers' descriptions, so that a mistake in ours shows.
"""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web

from channels.contract import Adapter, Request
from gateway.domain.account import ApprovedTemplate, TwilioAccount, WhatsAppAccount
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.domain.messages import Event
from gateway.domain.outbox import Outgoing
from gateway.domain.people import tel

PAYLOADS = Path(__file__).parent.parent / "payloads"
PUBLIC_URL = "https://gateway.example"
SECRETS = ("canary-auth-token", "canary-old-token", "canary-app-secret", "canary-bearer", "canary-verify")
SID = "AC" + "c" * 32
NUMBER = "+15005550006"
SERVICE = "MG" + "5" * 32
PHONE_ID = "106540352242922"
BUSINESS = "419561257915477"
CUSTOMER = tel("+972501234567")


def twilio_account(api_base: str = "http://127.0.0.1:9") -> TwilioAccount:
    return TwilioAccount(
        sid=SID,
        auth_tokens=("canary-auth-token", "canary-old-token"),
        api_base=api_base,
        endpoints=(
            Endpoint(channel=Channel.SMS, provider=Provider.TWILIO, address=NUMBER, account=SID),
            Endpoint(channel=Channel.WHATSAPP, provider=Provider.TWILIO, address=NUMBER, account=SID),
        ),
        messaging_service_sids=(SERVICE,),
        templates=(ApprovedTemplate(ours="notice", language="he", name="HX1", placeholders=("name", "text")),),
    )


def whatsapp_account(api_base: str = "http://127.0.0.1:9") -> WhatsAppAccount:
    number = Endpoint(channel=Channel.WHATSAPP, provider=Provider.WHATSAPP_CLOUD, address=PHONE_ID)
    return WhatsAppAccount(
        token="canary-bearer",
        app_secrets=("canary-app-secret", "older-secret"),
        verify_token="canary-verify",
        api_base=api_base,
        business_account_id=BUSINESS,
        endpoints=(number,),
        templates=(ApprovedTemplate(ours="notice", language="he", name="notice", placeholders=("name", "text")),),
    )


def twilio_signature(url: str, pairs: Sequence[tuple[str, str]], token: str = "canary-auth-token") -> str:
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    text = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    digest = hmac.new(token.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def twilio_request(body: bytes, target: str = "/webhooks/twilio/message", **changes: object) -> Request:
    """A signed webhook; `changes` replace parts of it after signing."""
    pairs = parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": twilio_signature(PUBLIC_URL + target, pairs),
    }
    whole = {"method": "POST", "target": target, "headers": headers, "body": body, "received_at": now()} | changes
    return Request(**whole)


def whatsapp_request(body: bytes, secret: str = "canary-app-secret", **changes: object) -> Request:
    """A signed webhook; `changes` replace parts of it after signing."""
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": signature}
    target = "/webhooks/whatsapp"
    whole = {"method": "POST", "target": target, "headers": headers, "body": body, "received_at": now()} | changes
    return Request(**whole)


def now() -> datetime:
    return datetime.now(UTC)


def outgoing(**changes: object) -> Outgoing:
    whole = {
        "delivery_id": 4711,
        "channel": Channel.SMS,
        "endpoint_address": NUMBER,
        "to": CUSTOMER,
        "text": "שלום",
        "status_callback_url": f"{PUBLIC_URL}/webhooks/twilio/status",
    }
    return Outgoing(**(whole | changes))


def run_case(adapter: Adapter, request: Request, caplog: object) -> Sequence[Event]:
    """Verify and parse a webhook, and see that no secret reached a log or an event on the way."""
    caplog.set_level(logging.DEBUG)
    events = adapter.parse(adapter.verify(request))
    assert_no_secret(caplog.text, repr(events), repr(adapter.__dict__.get("_account")))
    return events


def assert_no_secret(*texts: str) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in text, f"{secret} is shown"


def differences(event: Event, expected: Mapping[str, object]) -> dict[str, object]:
    """What an event says otherwise than expected; `type` is the class's name, dots reach into records."""
    found = {}
    for path, wanted in expected.items():
        value: object = event
        for part in path.split("."):
            value = type(value).__name__ if part == "type" else getattr(value, part)
        if value != wanted:
            found[path] = value
    return found


@dataclass
class Heard:
    """One request as the tiny provider got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class TinyProvider:
    """A provider on loopback that answers each request by the next of `answers`: a response, a drop or a hang."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    answers: list[Callable[[web.Request], object]] = field(default_factory=list)

    def will_answer(self, status: int, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        self.answers.append(lambda _: web.json_response(body or {}, status=status, headers=headers))

    def will_send(self, content: bytes, **kwargs: object) -> None:
        self.answers.append(lambda _: web.Response(body=content, **kwargs))

    def will_drop(self) -> None:
        def drop(request: web.Request) -> web.Response:
            request.transport.abort()
            return web.Response()

        self.answers.append(drop)

    def will_hang(self) -> None:
        async def hang(_: web.Request) -> web.Response:
            await asyncio.sleep(5)
            return web.Response()

        self.answers.append(hang)


@asynccontextmanager
async def tiny_provider() -> AsyncIterator[TinyProvider]:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        provider.heard.append(Heard(request.method, request.path_qs, dict(request.headers), body))
        result = provider.answers.pop(0)(request)
        return await result if asyncio.iscoroutine(result) else result

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider = TinyProvider(url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield provider
    finally:
        await runner.cleanup()
