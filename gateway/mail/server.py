"""The way in for mail: an SMTP server on the application's loop that says 250 only when the mail is safe.

It takes mail for our own mailboxes and relays for nobody. What a mail says is read in another process (`parsing`);
what is done with it is the intake's.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from msgspec.structs import replace

from channels.contract import Request
from channels.email import mailboxes, message
from channels.email.adapter import METHOD, SOURCE
from channels.email.authentication import gather
from channels.email.resolver import Dns
from channels.email.spf import Answers
from channels.email.verdict import Evidence
from gateway.domain.account import MailAccount
from gateway.domain.messages import Event, InboundMessage, Verification
from gateway.mail.limits import MailLimits
from gateway.mail.parsing import MailParser
from gateway.mail.protocol import GuardedSMTP, MailSessions
from gateway.runtime import clock, failpoints
from gateway.runtime.failpoints import Failpoint

Accept = Callable[[Request, Sequence[Event]], Awaitable[object]]
_log = structlog.get_logger(__name__)


class MailServer:
    """A running SMTP server."""

    def __init__(self, server: asyncio.Server, sessions: MailSessions, parser: MailParser) -> None:
        """Own the listening sockets, the open connections and the parsing processes."""
        self._server = server
        self._sessions = sessions
        self._parser = parser

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, say goodbye to every client, end the parsing processes."""
        self._server.close()
        for connection in tuple(self._sessions.open):
            connection.hang_up()
        await self._parser.close()


async def start_mail_server(
    *,
    host: str,
    port: int,
    account: MailAccount,
    accept: Accept,
    limits: MailLimits = MailLimits(),  # noqa: B008 - frozen, shared on purpose
    tls: ssl.SSLContext | None = None,
    resolver: Answers | None = None,
) -> MailServer:
    """Listen for mail on `host` and `port` (0 takes any free one).

    `accept` is awaited with each mail and its events: when it returns, the mail is committed or spooled and the client
    gets 250; when it raises, 451, and the client tries again. `tls` offers STARTTLS.

    Raises:
        OSError: the port is taken or not allowed.
    """
    # aiosmtpd logs addresses at INFO and every line of every mail at DEBUG.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    parser = MailParser(account)
    sessions = MailSessions(limits)
    handler = _Handler(account, accept, limits, parser, resolver or Dns())
    hostname = account.domain or "localhost"
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: GuardedSMTP(handler, sessions=sessions, limits=limits, hostname=hostname, tls=tls), host, port
    )
    return MailServer(server, sessions, parser)


class _Handler:
    """What aiosmtpd asks: is this recipient ours, and is this mail safe."""

    def __init__(
        self, account: MailAccount, accept: Accept, limits: MailLimits, parser: MailParser, resolver: Answers
    ) -> None:
        self._account = account
        self._accept = accept
        self._limits = limits
        self._parser = parser
        self._resolver = resolver

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take only what is addressed to a mailbox of ours; the answer is the same for every other."""
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients"
        if mailboxes.find(self._account, address, now=clock.now()) is None:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_VRFY(self, _server: Any, _session: Any, _envelope: Any, _address: str) -> str:  # noqa: N802 - aiosmtpd's name
        """Tell nobody who is here."""
        return "502 5.5.1 VRFY is not offered"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer for one mail after it is safe with the intake."""
        try:
            async with asyncio.timeout(self._limits.accept_seconds):
                await self._take(_envelope_headers(session, envelope), envelope.content, envelope.rcpt_tos)
        except Exception as error:  # noqa: BLE001 - whatever failed, the mail is not safe with us and the client keeps it
            _log.error("mail_not_accepted", error=type(error).__name__)
            return "451 4.3.0 The message could not be stored, try again later"
        return "250 2.0.0 OK, stored"

    async def handle_exception(self, error: Exception) -> str:
        """Say nothing of what went wrong to the client."""
        _log.error("smtp_session_failed", error=type(error).__name__)
        return "451 4.3.0 Local error, try again later"

    async def _take(self, envelope: Mapping[str, str], raw: bytes, recipients: Sequence[str]) -> None:
        now = clock.now()
        first = Request(source=SOURCE, method=METHOD, target=recipients[0], headers=envelope, body=raw, received_at=now)
        evidence = await self._evidence(first)
        for target in self._targets(recipients, now):
            request = replace(first, target=target)
            events = await self._parser.parse(request, evidence)
            failpoints.hit(Failpoint.MAIL_PARSED)
            await self._accept(_judged(request, events), events)
        failpoints.hit(Failpoint.MAIL_STORED)

    def _targets(self, recipients: Sequence[str], now: datetime) -> list[str]:
        """One recipient per mailbox of ours, the signed one when a mail names both."""
        chosen: dict[str, tuple[bool, str]] = {}
        for address in recipients:
            found = mailboxes.find(self._account, address, now=now)
            if found and (found.mailbox not in chosen or (found.conversation_id and not chosen[found.mailbox][0])):
                chosen[found.mailbox] = (found.conversation_id is not None, address)
        return [address for _, address in chosen.values()]

    async def _evidence(self, request: Request) -> Evidence:
        try:
            async with asyncio.timeout(self._limits.authentication_seconds):
                return await gather(request, self._account, self._resolver)
        except TimeoutError:
            return Evidence(verdict=Verification.TEMPERROR)


def _envelope_headers(session: Any, envelope: Any) -> dict[str, str]:
    return {
        "peer": str((session.peer or ("",))[0]),
        "helo": str(session.host_name or "")[:255],
        "mail-from": str(envelope.mail_from or "").strip("<>")[:320],
    }


def _judged(request: Request, events: Sequence[Event]) -> Request:
    """Keep the verdict with the raw mail, so that reading it again from a spool gives the same."""
    verdict = next((event.verification for event in events if isinstance(event, InboundMessage)), Verification.NONE)
    return replace(request, headers={**request.headers, message.VERIFICATION: verdict.value})
