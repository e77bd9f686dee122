"""What the tests of the web share: the application's services, signed webhooks, agents and tokens."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from channels.contract import Request
from gateway.access import accounts
from gateway.config import load_settings
from gateway.domain.account import TwilioAccount, WhatsAppAccount
from gateway.domain.agents import Role, Scope
from gateway.domain.channel import Channel
from gateway.domain.messages import InboundMessage, Sender, Verification
from gateway.domain.people import mailto
from gateway.intake import reference
from gateway.operations.sample import load_sample
from gateway.runtime import clock
from gateway.runtime.assemble import open_services
from gateway.store.db import Pool
from gateway.web.server.application import build
from gateway.web.server.services import Services
from gateway.web.server.serving import SERVING

PASSWORD = "a quiet window in the wall"
PHONE = "+972501234567"
STRANGE = "הכלב שלי אכל את השלט של הממיר ועכשיו הטלוויזיה מדברת סינית"


@dataclass
class Office:
    client: TestClient
    services: Services
    pool: Pool
    _sent: int = field(default=0)

    @property
    def twilio(self) -> TwilioAccount:
        return next(each for each in self.services.settings.accounts if isinstance(each, TwilioAccount))

    @property
    def whatsapp(self) -> WhatsAppAccount:
        return next(each for each in self.services.settings.accounts if isinstance(each, WhatsAppAccount))

    async def hire(self, role: Role = Role.AGENT, *, email="noa@example.com", language="en", name="Noa Levi") -> int:
        return await accounts.create_user(
            self.pool, email=email, name=name, password=PASSWORD, role=role, language=language
        )

    async def log_in(self, email="noa@example.com", password=PASSWORD, **headers):
        return await self.client.post(
            "/login", data={"email": email, "password": password}, headers=headers, allow_redirects=False
        )

    async def csrf(self) -> str:
        """The token of the page an agent has open."""
        page = await (await self.client.get("/account")).text()
        return re.search(r'name="csrf" value="([^"]+)"', page).group(1)

    async def token(self, *scopes: Scope) -> dict[str, str]:
        token = await accounts.create_token(self.pool, name="test", scopes=scopes or tuple(Scope))
        return {"Authorization": f"Bearer {token}"}

    async def text(self, body: str, *, sender=PHONE, sid: str | None = None, **more: str):
        """A customer sends an SMS, through the webhook."""
        self._sent += 1
        fields = {
            "MessageSid": sid or f"SM{self._sent:032x}",
            "AccountSid": self.twilio.sid,
            "From": sender,
            "To": self.twilio.endpoints[0].address,
            "Body": body,
            "NumMedia": "0",
        } | more
        return await self.twilio_post("/webhooks/twilio/message", fields)

    async def twilio_post(self, path: str, fields: dict[str, str], **headers: str):
        url = self.services.settings.public_url + path
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        mac = hmac.new(self.twilio.auth_tokens[0].encode(), signed.encode(), hashlib.sha1).digest()
        headers = {
            "X-Twilio-Signature": base64.b64encode(mac).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        } | headers
        return await self.client.post(path, data=urlencode(fields).encode(), headers=headers)

    async def whatsapp_post(self, body: bytes):
        mac = hmac.new(self.whatsapp.app_secrets[0].encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={mac}", "Content-Type": "application/json"}
        return await self.client.post("/webhooks/whatsapp", data=body, headers=headers)

    async def whatsapp_text(self, body: str, *, sender=PHONE, name="דנה כהן") -> None:
        """A customer writes on WhatsApp, through the Cloud API's webhook."""
        self._sent += 1
        account = self.whatsapp
        digits = sender.removeprefix("+")
        message = {"from": digits, "id": f"wamid.{self._sent}", "timestamp": str(int(time.time())), "type": "text"}
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "1", "phone_number_id": account.endpoints[0].address},
            "contacts": [{"profile": {"name": name}, "wa_id": digits}],
            "messages": [message | {"text": {"body": body}}],
        }
        entry = {"id": account.business_account_id, "changes": [{"field": "messages", "value": value}]}
        answer = await self.whatsapp_post(
            json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        )
        assert answer.status == 200

    async def mail(self, body: str, *, sender: str, subject: str, verification=Verification.NONE, full="") -> None:
        """A mail arrives, already parsed."""
        self._sent += 1
        mailbox = next(each for each in self.services.settings.endpoints if each.channel is Channel.EMAIL)
        message = InboundMessage(
            endpoint=mailbox.key,
            provider_id=f"<{self._sent}@example.com>",
            sender=Sender(address=mailto(sender), name="Rami Levi"),
            to=mailbox.address,
            text=body,
            full_text=full or body,
            subject=subject,
            verification=verification,
        )
        request = Request(
            source="mail", method="MAIL", target=mailbox.address, body=body.encode(), received_at=clock.now()
        )
        await self.services.intake.accept(request, [message])

    async def conversation_of(self, uri: str = f"tel:{PHONE}") -> int:
        return await self.pool.fetchval(
            "SELECT v.id FROM conversation v JOIN address a ON a.contact_id = v.contact_id WHERE a.uri = $1", uri
        )


async def show(office: Office, path: str) -> str:
    """Open a page; gives its HTML."""
    answer = await office.client.get(path)
    assert answer.status == 200, path
    return await answer.text()


@asynccontextmanager
async def running_office(pool: Pool, redis_url: str, folder: Path, **changes: object) -> AsyncIterator[Office]:
    settings = replace(load_settings({"ESHNAV_DATA": str(folder), "REDIS_URL": redis_url}).with_sandbox(), **changes)
    await load_sample(pool)
    async with pool.acquire() as connection:
        known = await reference.load(connection, settings.endpoints)

    async def reparse(payload):
        raise AssertionError(payload)

    opened = open_services(
        settings, pool=pool, intake_pool=pool, reference=known, reparse_with=lambda _provided, _files: reparse
    )
    async with opened as services:
        server = TestServer(build(services))
        await server.start_server(**SERVING)
        client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
        yield Office(client=client, services=services, pool=pool)
        await client.close()
