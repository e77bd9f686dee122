"""Hostile mail is read in another process: it costs its own time and memory, and an agent sees that it came."""

import asyncio
import time

import pytest

from channels.email import limits
from gateway.domain.messages import MessageKind, Verification
from gateway.mail.parsing import MailParser

HEAD = b"From: a@example.net\r\nMessage-ID: <x@example.net>\r\nMIME-Version: 1.0\r\n"


def nested(depth: int) -> bytes:
    content = b"Content-Type: text/plain\r\n\r\nhi\r\n"
    for level in range(depth):
        mark = b"b%d" % level
        content = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b--\r\n' % (
            mark,
            mark,
            content,
            mark,
        )
    return HEAD + content


BOMBS = {
    "a Content-Type of 140 KB": HEAD + b"Content-Type: text/plain" + b'; a="b"' * 20_000 + b"\r\n\r\nhi",
    "a part with a Content-Type of 140 KB": HEAD
    + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed"
    + b"; a=b" * 28_000
    + b"\r\n\r\nhi\r\n--x--\r\n",
    "200 000 parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\n\r\n\r\n" * 200_000
    + b"--x--\r\n",
    "a Subject of broken encoded words": HEAD + b"Subject: " + b"=?utf-8?q?=?= " * 20_000 + b"\r\n\r\nhi",
    "20 KB of quotes in To": HEAD + b"To: " + b'"' * 20_000 + b"\r\n\r\nhi",
    "a From of 20 KB of brackets": b"From: " + b"<(" * 10_000 + b"\r\n\r\nhi",
    "nested 1000 deep": nested(1000),
    "messages within messages": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 500 + b"\r\nhi",
    "ten thousand Received": b"Received: x\r\n" * 4_000 + HEAD + b"\r\nhi",
    "a header of 2 MB": HEAD + b"X: " + b"y" * 2_000_000 + b"\r\n\r\nhi",
    "a thousand attachments": HEAD
    + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\nContent-Disposition: attachment\r\n\r\nhi\r\n" * 150
    + b"--x--\r\n",
}


@pytest.fixture(scope="module")
async def parser():
    from gateway.domain.account import MailAccount
    from gateway.domain.channel import Channel, Endpoint, Provider

    support = Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address="support@example.com")
    account = MailAccount(relay_url="", domain="example.com", reply_secret="s" * 32, endpoints=(support,))
    running = MailParser(account, cpu_seconds=2, wall_seconds=8)
    yield running
    await running.close()


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_read_in_time_while_the_loop_stays_awake(parser, mail, name):
    request = mail(BOMBS[name])
    await parser.parse(mail(HEAD + b"\r\nwarm"))
    longest = 0.0

    async def watch():
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    (event,) = await parser.parse(request)
    took = time.perf_counter() - started
    watching.cancel()
    assert took < 5
    assert longest < 0.5
    assert event.verification is Verification.NONE
    assert event.sender.address.value in {"a@example.net", "dana@example.net"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(BOMBS["a Content-Type of 140 KB"], "header", id="a huge header field"),
        pytest.param(BOMBS["200 000 parts"], "parts", id="too many parts"),
        pytest.param(BOMBS["nested 1000 deep"], "nested", id="too deep"),
        pytest.param(BOMBS["ten thousand Received"], "received", id="too many Received"),
        pytest.param(BOMBS["a thousand attachments"], "attachments", id="too many attachments"),
        pytest.param(BOMBS["a header of 2 MB"], "header block", id="a huge header block"),
        pytest.param(nested(19), None, id="nineteen levels are read"),
        pytest.param(HEAD + b"To: " + b"someone@example.net, " * 1000 + b"\r\n\r\nhi", None, id="a long To is honest"),
    ],
)
def test_what_breaks_a_limit_is_named(raw, words):
    found = limits.breach(raw)
    assert (words in found) if words else found is None


async def test_a_mail_that_breaks_a_limit_is_shown_and_never_lost(parser, mail):
    (event,) = await parser.parse(mail(BOMBS["nested 1000 deep"]))
    assert event.kind is MessageKind.UNSUPPORTED
    assert "nested" in event.raw["unparsable"]
    assert event.sender.address.value == "dana@example.net"
    (again,) = await parser.parse(mail(BOMBS["nested 1000 deep"]))
    assert again.provider_id == event.provider_id


async def test_a_mail_that_hangs_the_child_is_replaced_and_its_neighbours_are_read(parser, mail):
    # No real mail is known that hangs the reader, so the child itself is stopped while it holds mails.
    await parser.parse(mail(HEAD + b"\r\nwarm"))
    child = parser._children[0]
    child.process.send_signal(19)
    child.wall_seconds = 0.5
    answers = [asyncio.create_task(parser.parse(mail(HEAD + b"\r\n%d" % number))) for number in range(4)]
    events = [(await answer)[0] for answer in answers]
    assert [event.text for event in events] == ["", "1", "2", "3"]
    assert "time or memory" in events[0].raw["unparsable"]


async def test_a_child_that_dies_takes_one_mail_at_most(parser, mail):
    await parser.parse(mail(HEAD + b"\r\nwarm"))
    parser._children[0].process.kill()
    events = await asyncio.gather(*(parser.parse(mail(HEAD + b"\r\n%d" % number)) for number in range(5)))
    assert sum(event.kind is MessageKind.UNSUPPORTED for (event,) in events) <= 1
    (after,) = await parser.parse(mail(HEAD + b"\r\nafter"))
    assert after.text == "after"


async def test_the_largest_mail_is_read_within_the_memory_of_a_child(parser, mail):
    attachment = b"A" * 76 + b"\r\n"
    head = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n"
    part = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = HEAD + head + part + attachment * (24 * 1024 * 1024 // len(attachment)) + b"--x--\r\n"
    (event,) = await parser.parse(mail(raw))
    assert event.text == "hello"
    assert event.attachments[0].size_bytes > 17_000_000


async def test_many_mails_are_read_at_once(parser, mail):
    events = await asyncio.gather(*(parser.parse(mail(HEAD + b"\r\n%d" % number)) for number in range(300)))
    assert [event.text for (event,) in events] == [str(number) for number in range(300)]
