"""A whole gateway for mail: SMTP in, parsing, intake, and with a relay a sender; DNS and the peer are the test's."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosmtplib
import asyncpg
from mail_kit import Lookup
from senders import sending

from channels.email.token import reply_address
from gateway.domain.account import MailAccount
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.intake import reference
from gateway.intake.intake import Intake
from gateway.mail import server as mail_server
from gateway.operations.sample import load_sample
from gateway.runtime import clock
from gateway.runtime.assemble import open_notifier, run_intake

PEER = "93.184.216.34"


@dataclass
class PostOffice:
    """A running gateway that takes mail for `support@<domain>`."""

    pool: asyncpg.Pool
    account: MailAccount
    intake: Intake
    port: int
    resolver: Lookup

    @property
    def mailbox(self) -> str:
        """Our one mailbox."""
        return self.account.endpoints[0].address

    async def send(self, raw: bytes | str, *, sender: str = "dana@example.net", to: str = "") -> str:
        """Hand over one mail by SMTP; gives the answer to it, or to the first command that was refused."""
        content = raw if isinstance(raw, bytes) else raw.replace("\n", "\r\n").encode()
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False, local_hostname="mx.example.net")
        await client.connect()
        try:
            _, answer = await client.sendmail(sender, [to or self.mailbox], content)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return str(refused.recipients[0].code)
        except aiosmtplib.SMTPResponseException as refused:
            return str(refused.code)
        finally:
            client.close()
        return f"250 {answer}"

    def token_address(self, conversation_id: int, *, now=None, secret: str = "") -> str:
        """The address that answers in a conversation go to."""
        return reply_address(
            conversation_id,
            mailbox=self.mailbox,
            domain=self.account.domain,
            now=now or clock.now(),
            secret=secret or self.account.reply_secret,
        )

    async def know(self, address: str, name: str = "דנה") -> int:
        """Let a customer with this proven mailbox be known; gives their conversation."""
        return await self.pool.fetchval(
            """WITH person AS (INSERT INTO contact (name, language) VALUES ($2, 'he') RETURNING id),
                    reached AS (INSERT INTO address (contact_id, uri) SELECT id, $1 FROM person)
               INSERT INTO conversation (contact_id, language) SELECT id, 'he' FROM person RETURNING id""",
            f"mailto:{address}",
            name,
        )

    async def inbound(self) -> list[asyncpg.Record]:
        """What came in, with the address it was filed under."""
        return await self.pool.fetch(
            """SELECT m.*, a.uri, a.proven FROM message m JOIN address a ON a.id = m.address_id
               WHERE m.direction = 'inbound' ORDER BY m.id"""
        )

    async def answers(self) -> list[asyncpg.Record]:
        """What is owed or sent, with the address it goes to."""
        return await self.pool.fetch(
            """SELECT m.*, a.uri, a.proven FROM message m JOIN address a ON a.id = m.address_id
               WHERE m.direction = 'outbound' ORDER BY m.id"""
        )


@asynccontextmanager
async def post_office(
    pool: asyncpg.Pool,
    folder: Path,
    *,
    domain: str = "shop.example",
    port: int = 0,
    relay_port: int = 1,
    resolver: Lookup | None = None,
    sends: bool = False,
) -> AsyncIterator[PostOffice]:
    """Run a gateway for one mailbox until the block ends; `sends` also runs a sender towards the relay."""
    box = Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address=f"support@{domain}", sends_per_second=1e4)
    account = MailAccount(
        relay_url=f"smtp://127.0.0.1:{relay_port}", domain=domain, reply_secret="0123456789abcdef" * 2, endpoints=(box,)
    )
    await load_sample(pool)
    async with AsyncExitStack() as stack:
        notifier = await stack.enter_async_context(open_notifier(None))
        async with pool.acquire() as connection:
            known = await reference.load(connection, (box,))

        async def reparse(payload):
            raise AssertionError(payload)

        intake = await stack.enter_async_context(
            run_intake(pool, known, notifier, reparse, spool_folder=folder / domain)
        )

        async def accept(request, events):
            await intake.accept(request, events)

        lookup = resolver or Lookup()
        server = await mail_server.start_mail_server(
            host="127.0.0.1", port=port, account=account, accept=accept, resolver=lookup
        )
        if sends:
            await stack.enter_async_context(sending(pool, account, name=domain))
        try:
            yield PostOffice(pool=pool, account=account, intake=intake, port=server.port, resolver=lookup)
        finally:
            await server.close()


def as_if_from(monkeypatch, peer: str) -> None:
    """Let the mail server see its clients at this address: a peer on this machine proves nothing by SPF."""
    real = mail_server._envelope_headers
    monkeypatch.setattr(
        mail_server, "_envelope_headers", lambda session, envelope: real(session, envelope) | {"peer": peer}
    )
