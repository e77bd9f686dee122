"""`eshnav parse`: raw payloads given to the channel that would read them, and the events it makes of them shown."""

from collections.abc import Sequence
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Literal, TextIO

import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from channels.contract import Adapter, Request
from channels.email.adapter import METHOD, EmailAdapter
from channels.twilio import TwilioAdapter
from channels.whatsapp import WhatsAppAdapter
from gateway.cli.view import event_line
from gateway.config import Settings
from gateway.domain.account import MailAccount, TwilioAccount, WhatsAppAccount
from gateway.domain.messages import UnknownEvent
from gateway.runtime.clock import now

Source = Literal["mail", "twilio", "whatsapp"]
_MANY = 50


def parse_files(source: Source, files: Sequence[Path], settings: Settings, output: TextIO, *, as_json: bool) -> int:
    """Write what the gateway makes of each file, and say how many could not be made sense of."""
    adapter = _adapter(source, settings)
    console = Console(file=output, highlight=False)
    progress = Console(stderr=True)
    nothing_understood = 0
    for file in track(files, "Reading", console=progress, disable=len(files) < _MANY, transient=True):
        events = adapter.parse(adapter.unpack(_request(source, file.read_bytes(), settings)))
        nothing_understood += all(isinstance(event, UnknownEvent) for event in events)
        for event in events:
            line = event_line(str(file), event)
            if as_json:
                output.write(orjson.dumps(line).decode() + "\n")
            else:
                console.print(_table(line))
    return nothing_understood


def _adapter(source: Source, settings: Settings) -> Adapter:
    """Build the channel as configured, or as the sandbox would have it: reading a payload needs no real account."""
    accounts = (*settings.accounts, *settings.with_sandbox().accounts)
    for account in accounts:
        match source, account:
            case "mail", MailAccount():
                return EmailAdapter(account)
            case "twilio", TwilioAccount():
                return TwilioAdapter(account, public_url=settings.public_url)
            case "whatsapp", WhatsAppAccount():
                return WhatsAppAdapter(account)
    raise AssertionError("the sandbox has an account of every kind")


def _request(source: Source, body: bytes, settings: Settings) -> Request:
    if source == "mail":
        mailbox = next(
            account.endpoints[0].address
            for account in (*settings.accounts, *settings.with_sandbox().accounts)
            if isinstance(account, MailAccount)
        )
        return Request(method=METHOD, target=mailbox, headers=_envelope(body), body=body, received_at=now())
    is_form = source == "twilio"
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    target = "/webhooks/twilio/message" if is_form else "/webhooks/whatsapp"
    return Request(method="POST", target=target, headers={"content-type": kind}, body=body.strip(), received_at=now())


def _envelope(mail: bytes) -> dict[str, str]:
    """Guess the envelope from what the last server wrote down about it; nothing here vouches for the sender."""
    envelope = {"peer": "127.0.0.1", "helo": "localhost", "verification": "none"}
    written = BytesHeaderParser(policy=compat32).parsebytes(mail).get("Return-Path")
    return envelope if written is None else {**envelope, "mail-from": str(written).strip().strip("<>")}


def _table(line: dict[str, object]) -> Table:
    table = Table(show_header=False, title=Text(str(line["file"])), title_justify="left")
    for name, value in line.items():
        if value not in (None, "", []) and name != "file":
            table.add_row(name, Text(str(value)))
    return table
