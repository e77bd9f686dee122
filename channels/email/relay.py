"""Handing mail to the relay over a few kept SMTP connections, and what its refusals mean.

Retrying is the sending loop's.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from channels.email import addresses, compose
from channels.email.automatic import message_id
from channels.email.refusals import refusal
from channels.errors import AccountBlocked, BadAddress, Rejected, SendError, Unavailable, Uncertain
from gateway.domain.account import MailAccount
from gateway.domain.outbox import Outgoing, Receipt, Status

_CONNECTIONS = 4
_COMMAND_SECONDS = 30.0
_DATA_SECONDS = 60.0
_IDLE_SECONDS = 30.0
_MAILS_PER_CONNECTION = 100
_DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(slots=True)
class _Kept:
    """An open connection, when it was last used (loop time) and for how many mails."""

    client: aiosmtplib.SMTP
    used_at: float
    mails: int = 0


class Relay:
    """The way out for mail of one account: at most four connections, each kept for a while and reused."""

    def __init__(self, account: MailAccount) -> None:
        """Connect to `account.relay_url` when the first mail goes out."""
        self._account = account
        self._url = urlsplit(account.relay_url)
        self._idle: list[_Kept] = []
        self._slots = asyncio.Semaphore(_CONNECTIONS)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one delivery as mail.

        Raises:
            BadAddress, Undeliverable, Rejected, Throttled, Unavailable, AccountBlocked: as the relay's answer means.
            Uncertain: the connection was lost after the whole mail went out.
        """
        if addresses.mailbox(outgoing.to.value) is None:
            raise BadAddress("This is not an email address a message can be sent to.", code="5.1.3")
        try:
            mail = compose.write(outgoing, self._account, sender_name=self._name(outgoing), now=datetime.now(UTC))
            content = mail.as_bytes()
        except (ValueError, UnicodeError) as error:
            raise Rejected("The message could not be written as a mail.") from error
        # Bounces of what a machine answered must reach nobody, or two machines could answer each other for ever.
        sender = "" if outgoing.automatic else outgoing.endpoint_address
        async with self._connection() as client:
            await _hand_over(client, sender, outgoing.to.value, content)
        provider_id = message_id(self._account, outgoing.delivery_id)
        return Receipt(provider_id=provider_id, status=Status.SENT, accepted_at=datetime.now(UTC))

    async def close(self) -> None:
        """Take leave on every idle connection."""
        idle, self._idle = self._idle, []
        for kept in idle:
            await _quit(kept.client)

    def _name(self, outgoing: Outgoing) -> str:
        ours = outgoing.endpoint_address.lower()
        return next((endpoint.name for endpoint in self._account.endpoints if endpoint.address.lower() == ours), "")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Lend a connection that is ready for a mail; it is kept only after a clean end."""
        async with self._slots:
            kept = await self._ready()
            try:
                yield kept.client
            except SendError as error:
                if error.maybe_sent or not kept.client.is_connected:
                    kept.client.close()
                else:
                    self._keep(kept)
                raise
            except BaseException:
                kept.client.close()
                raise
            self._keep(kept)

    def _keep(self, kept: _Kept) -> None:
        kept.used_at = asyncio.get_running_loop().time()
        kept.mails += 1
        if kept.mails < _MAILS_PER_CONNECTION and kept.client.is_connected:
            self._idle.append(kept)
        else:
            kept.client.close()

    async def _ready(self) -> _Kept:
        """Give an idle connection that still answers, or a new one."""
        while self._idle:
            kept = self._idle.pop()
            is_fresh = asyncio.get_running_loop().time() - kept.used_at < _IDLE_SECONDS
            try:
                if is_fresh and kept.client.is_connected:
                    await kept.client.rset()
                    return kept
            except (aiosmtplib.SMTPException, OSError):
                pass
            kept.client.close()
        return _Kept(client=await self._connect(), used_at=0.0)

    async def _connect(self) -> aiosmtplib.SMTP:
        """Open, secure and log in.

        STARTTLS is used where the relay offers it; a password never goes out without TLS, except to this
        machine.

        Raises:
            Unavailable: the relay cannot be reached.
            AccountBlocked: it refuses our name and password, or offers no TLS to send them under.
        """
        host = self._url.hostname or "localhost"
        client = aiosmtplib.SMTP(
            hostname=host,
            port=self._url.port or _DEFAULT_PORTS.get(self._url.scheme, 25),
            use_tls=self._url.scheme == "smtps",
            start_tls=None,
            timeout=_COMMAND_SECONDS,
            local_hostname=self._account.domain or "localhost",
            tls_context=ssl.create_default_context(),
        )
        try:
            await client.connect()
            if self._url.username:
                await self._log_in(client, host)
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise AccountBlocked("The mail relay refuses our name or password.", code=str(error.code)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise Unavailable("The mail relay cannot be reached.", code=str(getattr(error, "code", ""))) from error
        return client

    async def _log_in(self, client: aiosmtplib.SMTP, host: str) -> None:
        is_secret = client.get_transport_info("sslcontext") is not None
        if not is_secret and not _is_here(host):
            client.close()
            raise AccountBlocked("The mail relay offers no TLS, so the password was not sent.")
        await client.login(unquote(self._url.username or ""), unquote(self._url.password or ""))


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


async def _hand_over(client: aiosmtplib.SMTP, sender: str, recipient: str, content: bytes) -> None:
    """Speak MAIL, RCPT and DATA, telling apart what was lost before the relay could accept the mail and what after.

    Raises:
        SendError: as the answer means.
    """
    options = ["BODY=8BITMIME"] if client.supports_extension("8bitmime") else []
    needs_utf8 = not (sender + recipient).isascii()
    if needs_utf8 and not client.supports_extension("smtputf8"):
        raise BadAddress("The mail relay cannot send to addresses outside ASCII.", code="5.6.7")
    encoding = "utf-8" if needs_utf8 else "ascii"
    options += ["SMTPUTF8"] if needs_utf8 else []
    try:
        await client.mail(sender, options=options, encoding=encoding)
        await client.rcpt(recipient, encoding=encoding)
    except aiosmtplib.SMTPResponseException as error:
        raise refusal(error.code, error.message) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Unavailable("The connection to the mail relay was lost before the message went out.") from error
    try:
        await client.data(content, timeout=_DATA_SECONDS)
    except aiosmtplib.SMTPResponseException as error:
        raise refusal(error.code, error.message) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Uncertain("The connection to the mail relay was lost while the message went out.") from error


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        await asyncio.wait_for(client.quit(), 2)
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()
