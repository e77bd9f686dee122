"""The product's SMTP relay: takes mail for anyone and keeps it for the mailbox; refuses, hangs, bounces when asked."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as AnyMail
from weakref import WeakKeyDictionary

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from gateway.sandbox.faults import Fault, Kind, Provider
from gateway.sandbox.mail.bounce import bounce
from gateway.sandbox.mail.send import deliver
from gateway.sandbox.media import Media
from gateway.sandbox.message import Author, Channel, MailMessage
from gateway.sandbox.world import World, pause_seconds

_LARGEST_MAIL = 12 * 1024 * 1024
_NULL_SENDER = "<>"
_REFUSALS = {
    421: "421 4.3.2 Service shutting down",
    450: "450 4.2.1 Mailbox is busy",
    451: "451 4.7.1 Too many messages, try again later",
    452: "452 4.2.2 Mailbox is full",
    550: "550 5.1.1 No such user here",
    552: "552 5.2.2 Mailbox is full",
    554: "554 5.7.1 Message refused as spam",
}


class Relay:
    """What happens to mail at the relay (aiosmtpd's handler)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._faults: WeakKeyDictionary[Envelope, Fault] = WeakKeyDictionary()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd looks the method up by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Take a recipient, or refuse one a fault is waiting for."""
        fault = self._world.faults.take(Provider.MAIL, address)
        if fault is not None and fault.kind is Kind.CODE:
            return _REFUSALS.get(fault.code, f"{fault.code or 550} Refused")
        if fault is not None:
            self._faults[envelope] = fault
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        """Take the mail, or fail the way the fault says."""
        fault = self._faults.pop(envelope, None)
        match fault.kind if fault else None:
            case Kind.THROTTLE:
                return _REFUSALS[451]
            case Kind.ERROR_500:
                return _REFUSALS[421]
            case Kind.HANG | Kind.DROP:
                await asyncio.sleep(fault.hang_seconds if fault and fault.kind is Kind.HANG else 0)
                return _hang_up(server)
        raw = envelope.original_content or b""
        is_bounce = fault is not None and fault.kind is Kind.BOUNCE
        for address in envelope.rcpt_tos:
            self._keep(raw, address, envelope.mail_from or "", is_bounced=is_bounce)
        if is_bounce:
            self._world.spawn(self._bounce(raw, envelope))
        if fault is not None and fault.kind is Kind.ACCEPT_DROP:
            return _hang_up(server)
        return "250 2.0.0 OK: kept"

    def _keep(self, raw: bytes, address: str, sender: str, *, is_bounced: bool) -> None:
        headers = message_from_bytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        own_id = str(headers.get("Message-ID", "")).strip()
        if not is_bounced:
            self._world.outbox.count(Provider.MAIL, own_id or f"to {address}")
        token = self._world.media.put(Media(content=raw, media_type="message/rfc822", filename="mail.eml"))
        at = datetime.now(UTC)
        message_id = own_id or f"<{token}@sandbox.invalid>"
        kept = MailMessage(
            message_id=message_id,
            channel=Channel.MAIL,
            author=Author.BUSINESS,
            customer=address.lower(),
            ours=sender,
            at=at,
            kind="mail",
            status="bounced" if is_bounced else "delivered",
            raw_token=token,
            sender=sender,
            subject=_subject(headers),
        )
        if self._world.ledger.get(message_id) is not None:
            kept = replace(kept, message_id=f"{message_id}#{token}")
        self._world.ledger.add(kept)

    async def _bounce(self, raw: bytes, envelope: Envelope) -> None:
        await asyncio.sleep(pause_seconds())
        if envelope.mail_from not in (None, "", _NULL_SENDER):
            report = bounce(raw, envelope.rcpt_tos[0], envelope.mail_from)
            reply = await deliver(self._world.settings, "", envelope.mail_from, report)
            self._world.note(f"SMTP bounce to {envelope.mail_from}: {reply.text}")


def relay_factory(world: World) -> SMTP:
    """Make the SMTP conversation for one connection."""
    return SMTP(
        Relay(world),
        data_size_limit=_LARGEST_MAIL,
        enable_SMTPUTF8=True,
        hostname="sandbox.invalid",
        ident="Sandbox relay",
        authenticator=_let_in,
        auth_require_tls=False,
        timeout=60,
    )


def _let_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    return AuthResult(success=isinstance(data, LoginPassword), handled=False)


def _hang_up(server: SMTP) -> str:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
    return "421 4.4.2 Connection dropped"


def _subject(headers: AnyMail) -> str:
    try:
        return str(make_header(decode_header(str(headers.get("Subject", "")))))
    except (LookupError, ValueError):
        return str(headers.get("Subject", ""))
