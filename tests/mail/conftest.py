"""What the mail tests share: an account with one mailbox, a server that keeps its mails, and a bare SMTP client."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mail_kit import Lookup

from channels.contract import Request
from gateway.domain.account import MailAccount
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.mail.server import MailServer, start_mail_server

PAYLOADS = Path(__file__).parent.parent / "payloads" / "mail"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Received:
    """A running server and what its intake got."""

    server: MailServer
    mails: list = field(default_factory=list)
    fails: bool = False

    async def accept(self, request, events):
        if self.fails:
            raise OSError("disk full")
        self.mails.append((request, events))

    @property
    def port(self) -> int:
        return self.server.port


class Client:
    """An SMTP client that sends exactly the bytes it is told to."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def reply(self) -> str:
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 20)).decode()
            lines.append(line)
            if line[3:4] != "-":
                return "".join(lines)

    async def say(self, content: bytes | str) -> str:
        self.writer.write(content.encode() + b"\r\n" if isinstance(content, str) else content)
        return await self.reply()

    async def begin(self, *recipients: str) -> str:
        await self.say("EHLO client.example.net")
        await self.say("MAIL FROM:<dana@example.net>")
        for recipient in recipients or ("support@example.com",):
            last = await self.say(f"RCPT TO:<{recipient}>")
        return last

    async def is_closed(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), 10) is not None
        except ConnectionError:
            return True

    def close(self):
        self.writer.close()


@pytest.fixture
def account() -> MailAccount:
    support = Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address="support@example.com", name="אשנב")
    return MailAccount(
        relay_url="smtp://127.0.0.1:1", domain="example.com", reply_secret="0123456789abcdef" * 2, endpoints=(support,)
    )


class Smtp:
    """Starts servers with the limits a test wants, and clients of them."""

    def __init__(self, account: MailAccount):
        self._account = account
        self._servers: list[MailServer] = []
        self._clients: list[Client] = []

    async def start(self, **settings) -> Received:
        received = Received(server=None)
        settings = {"account": self._account, "resolver": Lookup(), "accept": received.accept, **settings}
        received.server = await start_mail_server(host="127.0.0.1", port=0, **settings)
        self._servers.append(received.server)
        return received

    async def connect(self, received: Received) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", received.port))
        self._clients.append(client)
        client.greeting = await client.reply()
        return client

    async def close(self):
        for client in self._clients:
            client.close()
        for server in self._servers:
            await server.close()


@pytest.fixture
async def smtp(account) -> AsyncIterator[Smtp]:
    running = Smtp(account)
    yield running
    await running.close()


@pytest.fixture
def mail():
    """Make a Request of raw bytes, as the SMTP edge would."""

    def make(raw: bytes | str, *, target: str = "support@example.com", **envelope: str) -> Request:
        content = raw.encode() if isinstance(raw, str) else raw
        headers = {"peer": "203.0.113.9", "helo": "client.example.net", "mail-from": "dana@example.net"}
        headers |= {name.replace("_", "-"): value for name, value in envelope.items()}
        return Request(method="MAIL", target=target, headers=headers, body=content, received_at=NOW)

    return make
