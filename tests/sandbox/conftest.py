"""A running sandbox on free loopback ports, and a product stand-in that records what providers send it."""

import asyncio
import base64
import contextlib
import dataclasses
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP

from gateway.sandbox.app import running
from gateway.sandbox.settings import read_settings

ENVIRONMENT = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "first-token, second-token",
    "TWILIO_SMS_FROM": "+97233730001,+97233730009",
    "TWILIO_WHATSAPP_FROM": "whatsapp:+97233730002",
    "WHATSAPP_TOKEN": "EAAtest",
    "WHATSAPP_APP_SECRET": "app-secret",
    "WHATSAPP_VERIFY_TOKEN": "verify me",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "MAIL_ADDRESS": "support@help.example",
    "MAIL_DOMAIN": "help.example",
    "SANDBOX_PORT": "0",
    "SANDBOX_SMTP_PORT": "0",
    "SANDBOX_PUBLIC_URL": "https://help.example",
}


@dataclasses.dataclass
class Webhook:
    target: str
    headers: dict[str, str]
    body: bytes


class Product:
    """Records webhooks and mails; answers what it is told to."""

    def __init__(self):
        self.webhooks: list[Webhook] = []
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.answers: list[int] = []
        self.smtp_answer = "250 OK"
        self.arrived = asyncio.Condition()

    async def handle(self, request):
        if request.method == "GET":
            return web.Response(text=request.query["hub.challenge"])
        body = await request.read()
        async with self.arrived:
            self.webhooks.append(Webhook(request.raw_path, dict(request.headers), body))
            self.arrived.notify_all()
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, text="<Response/>", content_type="text/xml")

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        async with self.arrived:
            if self.smtp_answer.startswith("250"):
                self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
            self.arrived.notify_all()
        return self.smtp_answer

    async def webhooks_at(self, path, count):
        """Wait until this many webhooks came in at a path."""

        def matching():
            return [webhook for webhook in self.webhooks if webhook.target.startswith(path)]

        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(lambda: len(matching()) >= count)
        return matching()

    async def mails_in(self, count):
        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(lambda: len(self.mails) >= count)
        return self.mails


class Player:
    """The sandbox from outside: its address, and calls to its JSON API."""

    def __init__(self, world, session):
        self.world = world
        self.session = session
        self.url = world.base_url
        self.twilio = f"{self.url}/2010-04-01/Accounts/{world.settings.twilio_account_sid}"
        self.cloud = f"{self.url}/v25.0/{world.settings.whatsapp_phone_number_id}"
        self.bearer = {"Authorization": f"Bearer {world.settings.whatsapp_token}"}
        credentials = f"{world.settings.twilio_account_sid}:second-token".encode()
        self.basic = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}

    async def play(self, name, data):
        async with self.session.post(f"{self.url}/sandbox/api/{name}", json=data) as response:
            return await response.json()

    async def look(self, name, **query):
        async with self.session.get(f"{self.url}/sandbox/api/{name}", params=query) as response:
            return await response.json()

    async def send_sms(self, **form):
        data = {"To": "+972501234567", "From": "+97233730001", "Body": "hello"} | form
        wanted = {name: value for name, value in data.items() if value is not None}
        async with self.session.post(f"{self.twilio}/Messages.json", data=wanted, headers=self.basic) as response:
            return response.status, await response.json(), response.headers

    async def send_cloud(self, **payload):
        data = {"messaging_product": "whatsapp", "to": "972501234567", "type": "text", "text": {"body": "hello"}}
        async with self.session.post(f"{self.cloud}/messages", json=data | payload, headers=self.bearer) as response:
            return response.status, await response.json()


@contextlib.asynccontextmanager
async def product_on_loopback():
    product = Product()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", product.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    smtp = await asyncio.get_running_loop().create_server(lambda: SMTP(product, hostname="edge"), "127.0.0.1", 0)
    product.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    product.smtp = f"127.0.0.1:{smtp.sockets[0].getsockname()[1]}"
    try:
        yield product
    finally:
        smtp.close()
        await runner.cleanup()


@pytest.fixture
def sandbox_environment():
    return ENVIRONMENT


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    async with product_on_loopback() as product:
        yield product


@pytest.fixture
async def sandbox(product) -> AsyncIterator[Player]:
    settings = read_settings(ENVIRONMENT | {"SANDBOX_GATEWAY_URL": product.url, "SANDBOX_GATEWAY_SMTP": product.smtp})
    async with running(settings) as world, aiohttp.ClientSession() as session:
        yield Player(world, session)
