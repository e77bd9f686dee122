"""How many mails a second the gateway takes over SMTP, committed, next to aiosmtpd dropping them."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from email.message import EmailMessage

from gateway.bench.rows import Row
from gateway.bench.stage import Servers, Stage, answering, free_ports, process, scene
from gateway.domain.account import MailAccount

BAR = 0.3
CONNECTIONS = 64
_PER_CONNECTION = 100
_READY_SECONDS = 20
_WARM = 256

_MAILBOXES = """
INSERT INTO address (contact_id, uri)
SELECT contact_id, 'mailto:customer' || (row_number() OVER (ORDER BY id) - 1) || '@bench.example'
FROM address WHERE starts_with(uri, 'tel:')
"""


async def mail_rows(running: Servers, *, count: int, rounds: int = 3) -> list[Row]:
    """Send the same mails to aiosmtpd and to the gateway in turn; report the medians."""
    bare_port, warm = free_ports(1)[0], min(_WARM, count)
    async with scene(running) as set_stage:
        await set_stage.pool.execute(_MAILBOXES)
        with (
            process(set_stage.environ, "gateway.bench.bare_mail", str(bare_port)),
            process(set_stage.environ, "gateway.cli", "app"),
        ):
            await answering(f"{set_stage.settings.public_url}/readyz")
            ours, theirs = [], []
            for turn in range(-1, rounds):
                mails = _mails(set_stage, first=(turn + 1) * count, count=count if turn >= 0 else warm)
                bare = await _rate(bare_port, mails)
                rate = await _rate(set_stage.settings.smtp_port, mails)
                if turn >= 0:
                    theirs.append(bare)
                    ours.append(rate)
        stored = await set_stage.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'")
    ratios = [mine / bare for mine, bare in zip(ours, theirs, strict=True)]
    lost = rounds * count + warm - stored
    return [
        Row(
            row="mails taken over SMTP ÷ aiosmtpd that drops them",
            value=statistics.median(ratios),
            unit="ratio",
            bar=BAR,
        ),
        Row(row="mails taken over SMTP", value=statistics.median(ours), unit="1/s"),
        Row(row="aiosmtpd that drops them", value=statistics.median(theirs), unit="1/s"),
        Row(row="mails answered 250 but not stored", value=lost, unit="mails", bar=0, bar_is_ceiling=True),
    ]


def _mails(set_stage: Stage, *, first: int, count: int) -> list[tuple[str, str, bytes]]:
    """Write mails as (sender, recipient, content with dots stuffed): text and HTML, vouched for by a trusted server."""
    account = next(each for each in set_stage.settings.accounts if isinstance(each, MailAccount))
    mails = []
    for index in range(first, first + count):
        sender = f"customer{index % set_stage.contacts}@bench.example"
        mail = EmailMessage()
        mail["Authentication-Results"] = f"{account.trusted_authserv_ids[0]}; dmarc=pass header.from=bench.example"
        mail["From"], mail["To"] = f"Customer {index} <{sender}>", account.endpoints[0].address
        mail["Subject"], mail["Message-ID"] = "שאלה על החשבון", f"<{index}.mail@bench.example>"
        mail["Date"] = "Mon, 16 Aug 2021 03:45:01 +0300"
        mail.set_content("שלום,\n\nמה שעות הפתיחה שלכם ביום שישי?\n\nתודה רבה\n")
        mail.add_alternative("<p>שלום,</p><p>מה שעות הפתיחה שלכם ביום שישי?</p><p>תודה רבה</p>", subtype="html")
        content = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
        mails.append((sender, account.endpoints[0].address, content))
    return mails


async def _rate(port: int, mails: list[tuple[str, str, bytes]]) -> float:
    """Send the mails over many connections at once; gives mails accepted a second."""
    await _listening(port)
    work = iter(mails)
    started = time.perf_counter()
    accepted = await asyncio.gather(*(_client(port, work) for _ in range(CONNECTIONS)))
    return sum(accepted) / (time.perf_counter() - started)


async def _client(port: int, work: Iterator[tuple[str, str, bytes]]) -> int:
    """Send mail after mail, with a new connection now and then; gives how many were accepted."""
    accepted = 0
    line: _Line | None = None
    for sent, (sender, recipient, content) in enumerate(work):
        if line is None or sent % _PER_CONNECTION == 0:
            if line is not None:
                line.close()
            line = await _Line.open(port)
        await line.say(b"MAIL FROM:<%b>" % sender.encode())
        await line.say(b"RCPT TO:<%b>" % recipient.encode())
        await line.say(b"DATA")
        accepted += (await line.say(content + b"\r\n.")).startswith(b"250")
    if line is not None:
        line.close()
    return accepted


class _Line:
    """One SMTP connection, past its greeting."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "_Line":
        line = cls(*await asyncio.open_connection("127.0.0.1", port))
        await line._answer()
        await line.say(b"EHLO bench.example")
        return line

    async def say(self, words: bytes) -> bytes:
        self._writer.write(words + b"\r\n")
        return await self._answer()

    async def _answer(self) -> bytes:
        while (line := await self._reader.readline())[3:4] == b"-":
            continue
        return line

    def close(self) -> None:
        self._writer.close()


async def _listening(port: int) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            try:
                (await _Line.open(port)).close()
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return
