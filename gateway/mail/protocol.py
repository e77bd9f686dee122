"""aiosmtpd's SMTP conversation with the guards it lacks.

Bounded reading, no smuggling, and limits on who may connect how often.

aiosmtpd 1.4.6 reads an unterminated line into memory without end and takes bare line feeds for line ends.
"""

import asyncio
import re
import ssl
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from gateway.mail.limits import MailLimits
from gateway.runtime.connection_limits import ConnectionLimiter

_END = b"\r\n.\r\n"
_READ_BYTES = 64 * 1024
_PIECE_BYTES = 256 * 1024
# The addresses nearly all mail comes with; whatever looks otherwise is aiosmtpd's to judge.
_PLAIN = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_ADDRESS = re.compile(rf"<({_PLAIN}(?:\.{_PLAIN})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>( .*)?")


class MailSessions:
    """Who is connected now, and how much mail is held in memory for them."""

    def __init__(self, limits: MailLimits) -> None:
        """Count against `limits`."""
        self.limiter = ConnectionLimiter(limits.connections, limits.most_of)
        self.buffered_bytes = 0
        self.open: set[GuardedSMTP] = set()


class _Refused(Exception):
    """The mail will not be taken; the message is the SMTP reply, after which the connection closes."""


class GuardedSMTP(SMTP):
    """One SMTP connection. What is not overridden here is aiosmtpd's."""

    line_length_limit = _READ_BYTES

    def __init__(
        self,
        handler: object,
        *,
        sessions: MailSessions,
        limits: MailLimits,
        hostname: str,
        tls: ssl.SSLContext | None,
    ) -> None:
        """Speak for `handler`, whose hooks say which recipients and mails are taken."""
        super().__init__(
            handler,
            data_size_limit=limits.message_bytes,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="ESMTP",
            tls_context=tls,
            timeout=limits.idle_seconds,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit=limits.commands_of_a_kind,
            loop=asyncio.get_running_loop(),
        )
        self._sessions = sessions
        self._limits = limits
        self._admitted = ""
        self._session_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection or refuse it at once. Called again by STARTTLS, which is the same connection."""
        peer = str((transport.get_extra_info("peername") or ("unknown",))[0])
        if not self._admitted:
            if not self._sessions.limiter.admit(peer):
                _write(transport, b"421 4.7.0 Too many connections, try again later\r\n")
                transport.close()
                return
            self._admitted = peer
            self._sessions.open.add(self)
            self._session_timer = self.loop.call_later(self._limits.session_seconds, transport.close)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place free."""
        if not self._admitted:
            return
        peer, self._admitted = self._admitted, ""
        self._sessions.limiter.leave(peer)
        self._sessions.open.discard(self)
        if self._session_timer:
            self._session_timer.cancel()
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Say goodbye and close, as when the server stops."""
        if self.transport is not None:
            _write(self.transport, b"421 4.3.2 Closing, try again later\r\n")
            self.transport.close()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take in one mail whole: until `CRLF . CRLF` and nothing else, within the limits of size, time and rate."""
        if await self.check_helo_needed():
            return
        if not self._envelope().rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._reset_timeout(self._limits.data_seconds + self._limits.accept_seconds)
        content = bytearray()
        try:
            async with asyncio.timeout(self._limits.data_seconds):
                await self._read_mail(content)
            await self._hand_over(await _without_stuffing(bytes(content)))
        except TimeoutError:
            await self._refuse("421 4.4.2 The mail came in too slowly")
        except _Refused as refused:
            await self._refuse(str(refused))
        finally:
            self._sessions.buffered_bytes -= len(content)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Read an address as aiosmtpd does; but aiosmtpd makes a class for each, which takes longer than all else."""
        plain = _PLAIN_ADDRESS.fullmatch(arg)
        if plain is None or self.local_part_limit:
            return super()._getaddr(arg)
        return plain[1], (plain[2] or "").lstrip()

    def _envelope(self) -> Envelope:
        if self.envelope is None:
            self.envelope = self._create_envelope()
        return self.envelope

    async def _read_mail(self, content: bytearray) -> None:
        """Read up to the end of the mail; what the client sent beyond it stays unread for the next command."""
        started_at = self.loop.time()
        while True:
            chunk = await self._reader.read(_READ_BYTES)
            if not chunk:
                raise _Refused("421 4.4.2 Connection lost")
            searched = max(0, len(content) - len(_END))
            content += chunk
            self._sessions.buffered_bytes += len(chunk)
            end = 0 if content.startswith(_END[2:]) else content.find(_END, searched) + 2
            if content.startswith(_END[2:]) or end >= 2:  # noqa: PLR2004 - found: the mail ends behind its last CRLF
                rest = bytes(content[end + 3 :])
                self._sessions.buffered_bytes -= len(content) - end
                del content[end:]
                if rest:
                    # A StreamReader has no other way to be given bytes back.
                    self._reader._buffer[0:0] = rest  # type: ignore[attr-defined]  # noqa: SLF001
                break
            self._check(content, self.loop.time() - started_at)
        self._check(content, 0.0)

    def _check(self, content: bytearray, elapsed_seconds: float) -> None:
        if len(content) > self._limits.message_bytes:
            raise _Refused("552 5.3.4 The message is too large")
        if self._sessions.buffered_bytes > self._limits.buffered_bytes:
            raise _Refused("452 4.3.1 Too much mail at once, try again later")
        minimum = (elapsed_seconds - self._limits.grace_seconds) * self._limits.minimum_bytes_per_second
        if len(content) < minimum:
            raise _Refused("421 4.4.2 The mail came in too slowly")

    async def _hand_over(self, content: bytes) -> None:
        envelope = self._envelope()
        envelope.content = envelope.original_content = content
        status = await self._call_handler_hook("DATA")
        self.envelope = self._create_envelope()
        self._reset_timeout()
        await self.push(status)

    async def _refuse(self, reply: str) -> None:
        """Answer and close: what follows in the stream of such a client cannot be trusted to be commands."""
        self.envelope = self._create_envelope()
        if self.transport is not None:
            await self.push(reply)
            self.transport.close()


async def _without_stuffing(content: bytes) -> bytes:
    """Take away the dot that SMTP puts before a line that begins with one (RFC 5321 §4.5.2).

    Piece by piece, so that a large mail does not hold up everybody else.

    Raises:
        _Refused: a CR or LF stands alone.
    """
    pieces: list[bytes] = []
    start = 0
    while start < len(content):
        line_end = content.find(b"\r\n", start + _PIECE_BYTES)
        end = line_end + 2 if line_end >= 0 else len(content)
        piece = content[start:end]
        if not piece.count(b"\r") == piece.count(b"\n") == piece.count(b"\r\n"):
            raise _Refused("554 5.6.0 Bare CR or LF in the message (RFC 5321 section 2.3.8)")
        pieces.append(piece.removeprefix(b".").replace(b"\r\n.", b"\r\n"))
        start = end
        await asyncio.sleep(0)
    return b"".join(pieces)


def _write(transport: Any, content: bytes) -> None:
    transport.write(content)
