"""Mail made to be costly, and mail for others, through the running gateway; the rest of SMTP is in `tests/mail`."""

import asyncio
import gc
import smtplib
import time
from collections.abc import Iterator

import aiosmtplib
import pytest
from post_office import post_office

HEAD = b"From: dana@firm.co.il\r\nTo: support@shop.example\r\nMessage-ID: <%d@firm.co.il>\r\nMIME-Version: 1.0\r\n"
SECONDS = 10.0  # five, and as many for a machine that has other work
BUSY_SECONDS = 0.05
ATTEMPTS = 3  # a machine that has other work may take twice as long once, a bomb takes long every time
_MIXED = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
BOMBS = {
    "a Content-Type of 140 KB": b"Content-Type: text/plain" + b';\r\n a="b"' * 14_000 + b"\r\n\r\nhi\r\n",
    "200 000 parts": _MIXED + b"--x\r\n\r\n\r\n" * 200_000 + b"--x--\r\n",
    "a Subject of broken encoded words": b"Subject: " + b"=?utf-8?q?=?=\r\n " * 18_000 + b"\r\n\r\nhi\r\n",
    "20 KB of quotes in To": b"Cc: " + b'"""""""""""""""""""\r\n ' * 1_000 + b"x\r\n\r\nhi\r\n",
    "nested 1000 deep": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000)
    )
    + b"\r\nhi\r\n",
    "a page of 5 MB of open tags": b"Content-Type: text/html\r\n\r\n" + b"<div><b><blockquote>\r\n" * 230_000,
    "an archive that would unfold": _MIXED
    + b"--x\r\nContent-Type: application/zip; name=42.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + (b"UEsDBBQAAAAIAA==\r\n" * 40_000)
    + b"--x--\r\n",
}

OTHERS = """
someone@example.org
support@example.org
other@shop.example
support%example.org@shop.example
support%example.org
example.org!support@shop.example
example.org!someone
support@example.org@shop.example
support@shop.example@example.org
"support@example.org"@shop.example
"support@example.org"
"support"@example.org
@shop.example:support@example.org
@shop.example,@example.org:someone@example.org
someone@[127.0.0.1]
support@[127.0.0.1]
support@[IPv6:::1]
support@localhost
support@localhost.localdomain
support@127.0.0.1
support@sub.shop.example
support@shop.example.example.org
support@xshop.example
support+anything@shop.example
support+@shop.example
support+support@shop.example
support=example.org@shop.example
support#example.org@shop.example
support@shop.example%example.org
support/example.org@shop.example
|/bin/sh@shop.example
../support@shop.example
support@ѕhop.example
root@shop.example
postmaster@shop.example
""".strip().splitlines()


@pytest.fixture
async def post(pool, tmp_path):
    async with post_office(pool, tmp_path) as post:
        yield post


@pytest.fixture
def young_heap() -> Iterator[None]:
    """Keep what earlier tests left behind out of garbage collection, which else takes longer than a bomb may."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("young_heap")
async def test_each_bomb_is_taken_in_time_while_the_gateway_stays_awake(post):
    await post.send(HEAD % 99 + b"\r\nwarm\r\n")
    longest = []
    for attempt in range(ATTEMPTS):
        busy: list[float] = []
        watch = asyncio.create_task(note_how_busy(busy))
        for number, (name, bomb) in enumerate(BOMBS.items(), attempt * len(BOMBS)):
            began = time.perf_counter()
            await asyncio.to_thread(hand_over, post.port, HEAD % number + bomb)
            assert time.perf_counter() - began < SECONDS, name
        watch.cancel()
        assert len(await post.inbound()) == len(BOMBS) * (attempt + 1) + 1
        longest.append(max(busy))
        if longest[-1] < BUSY_SECONDS:
            break
    assert min(longest) < BUSY_SECONDS, longest


def hand_over(port: int, raw: bytes) -> None:
    """Send from another thread, so that only the gateway's own work counts."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="mx.example.net") as client:
        assert client.sendmail("dana@firm.co.il", ["support@shop.example"], raw) == {}


async def note_how_busy(busy: list[float]) -> None:
    """Note how long this thread computed without letting the loop go on; other processes do not count."""
    while True:
        began = time.thread_time()
        await asyncio.sleep(0.001)
        busy.append(time.thread_time() - began)


async def test_nothing_is_relayed_to_anybody(post):
    assert len(OTHERS) >= 30
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=post.port, start_tls=False)
    await client.connect()
    await client.ehlo()
    accepted = []
    for address in OTHERS:
        await client.execute_command(b"RSET")
        await client.execute_command(b"MAIL FROM:<spammer@example.org>")
        answer = await client.execute_command(f"RCPT TO:<{address}>".encode())
        accepted += [address] if answer.code < 500 else []
        if answer.code == 421:
            await client.connect()
    client.close()
    assert accepted == []
    assert await post.inbound() == []
