"""Mail comes in over real SMTP: it is safe before 250 is said, and the server relays, leaks and buffers for nobody."""

import asyncio
import contextlib
import re
import resource
import ssl
import subprocess

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP

from channels.email import token
from gateway.domain.messages import InboundMessage, Verification
from gateway.mail.limits import MailLimits
from gateway.mail.protocol import GuardedSMTP

BODY = (
    b"From: Dana <dana@example.net>\r\nTo: support@example.com\r\nSubject: Hi\r\nMessage-ID: <one@example.net>\r\n\r\n"
)


async def send(port: int, raw: bytes, sender: str = "dana@example.net", to: str = "support@example.com"):
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await client.connect()
    try:
        return await client.sendmail(sender, [to], raw)
    finally:
        client.close()


async def test_a_mail_reaches_the_intake_whole_before_250_is_said(smtp):
    received = await smtp.start()
    raw = BODY + b"hi\r\n.dot\r\n..two\r\n\x00\r\n" + bytes(range(128, 256)) + b"\r\n"
    _, answer = await send(received.port, raw)
    ((request, _),) = received.mails
    assert answer.startswith("2.0.0 OK")
    assert request.body == raw
    assert (request.method, request.target, request.headers["mail-from"]) == (
        "MAIL",
        "support@example.com",
        "dana@example.net",
    )
    assert request.headers["peer"] == "127.0.0.1"


async def test_a_mail_the_intake_cannot_store_is_left_with_the_client(smtp):
    received = await smtp.start()
    received.fails = True
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(received.port, BODY + b"hi\r\n")
    assert refused.value.code == 451
    assert "disk" not in refused.value.message


async def test_mails_are_taken_one_after_another_on_one_connection(smtp):
    received = await smtp.start()
    client = await smtp.connect(received)
    for number in range(3):
        await client.begin()
        await client.say("DATA")
        assert (await client.say(BODY + b"%d\r\n.\r\n" % number)).startswith("250")
    assert [events[0].text for _, events in received.mails] == ["0", "1", "2"]


async def test_commands_sent_ahead_are_read_after_the_mail(smtp):
    received = await smtp.start()
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    assert (await client.say(BODY + b"hi\r\n.\r\nNOOP\r\nQUIT\r\n")).startswith("250")
    assert (await client.reply()).startswith("250")
    assert (await client.reply()).startswith("221")
    assert received.mails[0][0].body == BODY + b"hi\r\n"


async def test_the_verdict_travels_with_the_raw_mail(smtp):
    received = await smtp.start()
    await send(received.port, BODY + b"hi\r\n")
    request, events = received.mails[0]
    assert request.headers["verification"] == events[0].verification == Verification.NONE


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(b"\n.\n", id="LF dot LF"),
        pytest.param(b"\r.\r", id="CR dot CR"),
        pytest.param(b"\n.\r\n", id="LF dot CRLF"),
        pytest.param(b"\r\n.\n", id="CRLF dot LF"),
        pytest.param(b"\r.\r\n", id="CR dot CRLF"),
        pytest.param(b"\r\n.\r", id="CRLF dot CR"),
        pytest.param(b"\r\n\x00.\r\n", id="NUL before the dot"),
        pytest.param(b"\r\n.\x00\r\n", id="NUL after the dot"),
        pytest.param(b"\n.\n\r\n", id="LF dot LF, then CRLF"),
    ],
)
async def test_no_odd_ending_smuggles_a_second_mail_in(smtp, ending):
    received = await smtp.start()
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    smuggled = (
        b"MAIL FROM:<boss@example.net>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n" + BODY + b"smuggled\r\n.\r\n"
    )
    answer = await client.say(BODY + b"first" + ending + smuggled)
    assert answer[:3] in {"250", "554"}
    assert len(received.mails) == (answer[:3] == "250")


@pytest.mark.parametrize("bare", [b"a\nb", b"a\rb", b"\n", b"\r\r\n"], ids=["LF", "CR", "LF alone", "CR CR LF"])
async def test_a_bare_line_end_is_refused_and_the_connection_closed(smtp, bare):
    received = await smtp.start()
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    assert (await client.say(BODY + bare + b"\r\n.\r\n")).startswith("554")
    assert await client.is_closed()
    assert received.mails == []


@pytest.mark.parametrize(
    "address",
    [
        "someone@example.org",
        "support@example.org",
        "other@example.com",
        "support%example.org@example.com",
        "example.org!support@example.com",
        "support@example.org@example.com",
        '"support@example.org"@example.com',
        "@example.com:support@example.org",
        "support+anything@example.com",
        "support@[127.0.0.1]",
        "support@localhost",
        "support@sub.example.com",
        "postmaster",
        "support@example.com@example.org",
        "supporT+@example.com",
    ],
)
async def test_nothing_is_taken_for_an_address_that_is_not_ours(smtp, address):
    received = await smtp.start()
    client = await smtp.connect(received)
    answer = await client.begin(address)
    assert answer[:3] in {"550", "501", "553"}
    assert (await client.say("DATA")).startswith("503")


async def test_a_signed_reply_address_is_taken_and_names_its_conversation(smtp, account):
    from datetime import UTC, datetime

    received = await smtp.start()
    address = token.reply_address(
        77, mailbox="support@example.com", domain="example.com", now=datetime.now(UTC), secret=account.reply_secret
    )
    await send(received.port, BODY + b"hi\r\n", to=address.upper())
    assert received.mails[0][1][0].context.conversation_id == 77


async def test_a_mail_to_the_mailbox_and_its_signed_address_is_one_mail(smtp, account):
    from datetime import UTC, datetime

    received = await smtp.start()
    address = token.reply_address(
        77, mailbox="support@example.com", domain="example.com", now=datetime.now(UTC), secret=account.reply_secret
    )
    client = await smtp.connect(received)
    await client.begin("support@example.com", address)
    await client.say("DATA")
    await client.say(BODY + b"hi\r\n.\r\n")
    ((_, events),) = received.mails
    assert events[0].context.conversation_id == 77


@pytest.mark.parametrize("command", ["VRFY support", "EXPN staff", "AUTH PLAIN AGEAYg==", "HELO", "DATA", "TURN"])
async def test_commands_that_tell_or_allow_too_much_are_refused(smtp, command):
    received = await smtp.start()
    client = await smtp.connect(received)
    if command != "DATA":
        await client.say("EHLO x")
    assert (await client.say(command))[:1] in {"4", "5"}


async def test_a_mail_over_the_size_limit_is_refused_and_the_connection_closed(smtp):
    received = await smtp.start(limits=MailLimits(message_bytes=100_000))
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    client.writer.write(BODY + b"x" * 70 + (b"\r\n" + b"x" * 70) * 3000)
    assert (await client.reply()).startswith("552")
    assert await client.is_closed()
    assert received.mails == []


async def test_a_declared_size_over_the_limit_is_refused_before_the_mail(smtp):
    received = await smtp.start(limits=MailLimits(message_bytes=100_000))
    client = await smtp.connect(received)
    await client.say("EHLO x")
    assert (await client.say("MAIL FROM:<a@example.net> SIZE=100001")).startswith("552")


async def flood(client, *, megabytes: int):
    for _ in range(megabytes):
        client.writer.write(b"x" * 1_000_000)
        await client.writer.drain()


async def test_an_endless_line_costs_no_memory(smtp):
    received = await smtp.start(limits=MailLimits(message_bytes=1_000_000))
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(ConnectionError):
        await flood(client, megabytes=60)
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert await client.is_closed()
    assert grown_kilobytes < 30_000


async def test_an_endless_command_line_is_not_kept(smtp):
    received = await smtp.start(limits=MailLimits(session_seconds=1.0))
    client = await smtp.connect(received)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConnectionError):
        await flood(client, megabytes=200_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


async def test_a_mail_that_trickles_in_is_cut_off(smtp):
    received = await smtp.start(limits=MailLimits(grace_seconds=0.3, data_seconds=20))
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    for _ in range(8):
        client.writer.write(b"x")
        await asyncio.sleep(0.05)
    assert (await client.reply()).startswith("421 4.4.2")
    assert await client.is_closed()


async def test_a_mail_that_stops_in_the_middle_is_cut_off(smtp):
    received = await smtp.start(limits=MailLimits(data_seconds=0.5))
    client = await smtp.connect(received)
    await client.begin()
    await client.say("DATA")
    client.writer.write(BODY)
    assert (await client.reply()).startswith("421 4.4.2")
    assert await client.is_closed()


async def test_a_silent_client_is_cut_off(smtp):
    received = await smtp.start(limits=MailLimits(idle_seconds=0.3))
    client = await smtp.connect(received)
    assert await client.is_closed()


async def test_one_peer_gets_only_so_many_connections_and_gets_them_back(smtp):
    received = await smtp.start(limits=MailLimits(connections_from_this_machine=3))
    clients = [await smtp.connect(received) for _ in range(3)]
    refused = await smtp.connect(received)
    assert refused.greeting.startswith("421 4.7.0")
    assert await refused.is_closed()
    await clients[0].say("QUIT")
    clients[0].close()
    await asyncio.sleep(0.1)
    assert (await smtp.connect(received)).greeting.startswith("220")


async def test_all_together_get_only_so_many_connections(smtp):
    received = await smtp.start(limits=MailLimits(connections=2))
    for _ in range(2):
        assert (await smtp.connect(received)).greeting.startswith("220")
    assert (await smtp.connect(received)).greeting.startswith("421")


async def test_a_command_repeated_without_end_ends_the_session(smtp):
    received = await smtp.start(limits=MailLimits(commands_of_a_kind=5))
    client = await smtp.connect(received)
    answers = [await client.say("NOOP") for _ in range(6)]
    assert [answer[:3] for answer in answers] == ["250"] * 5 + ["421"]
    assert await client.is_closed()


async def test_mail_held_in_memory_is_bounded_over_all_connections(smtp):
    received = await smtp.start(limits=MailLimits(buffered_bytes=300_000))
    first, second = await smtp.connect(received), await smtp.connect(received)
    for client in (first, second):
        await client.begin()
        await client.say("DATA")
    first.writer.write(BODY + b"x" * 200_000)
    await asyncio.sleep(0.2)
    second.writer.write(BODY + b"x" * 200_000)
    assert (await second.reply()).startswith("452 4.3.1")
    assert (await first.say(b"\r\n.\r\n")).startswith("250")


async def test_no_greeting_names_the_software(smtp):
    received = await smtp.start()
    client = await smtp.connect(received)
    assert not re.search(r"python|aiosmtpd|\d\.\d", client.greeting.replace("220", ""), re.IGNORECASE)


async def test_what_mail_offers_is_what_real_servers_expect(smtp):
    received = await smtp.start()
    client = await smtp.connect(received)
    offered = await client.say("EHLO x")
    assert all(word in offered for word in ("SIZE 26214400", "8BITMIME", "SMTPUTF8"))
    assert "AUTH" not in offered


async def test_a_null_sender_is_taken(smtp):
    received = await smtp.start()
    await send(received.port, BODY + b"hi\r\n", sender="")
    request, events = received.mails[0]
    assert request.headers["mail-from"] == ""
    assert isinstance(events[0], InboundMessage)


async def test_closing_the_server_says_goodbye(smtp):
    received = await smtp.start()
    client = await smtp.connect(received)
    await received.server.close()
    assert (await client.reply()).startswith("421")


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> ssl.SSLContext:
    folder = tmp_path_factory.mktemp("tls")
    made = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout {folder}/key -out {folder}/cert"
    )
    subprocess.run(made.split(), check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context


async def test_a_mail_can_come_in_under_tls(smtp, tls):
    received = await smtp.start(tls=tls)
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=received.port, start_tls=True, validate_certs=False)
    await client.connect()
    await client.sendmail("dana@example.net", ["support@example.com"], BODY + b"hi\r\n")
    await client.quit()
    assert received.mails[0][0].body == BODY + b"hi\r\n"


async def test_what_was_sent_ahead_of_tls_is_thrown_away(smtp, tls):
    received = await smtp.start(tls=tls)
    client = await smtp.connect(received)
    await client.say("EHLO x")
    assert (await client.say(b"STARTTLS\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<support@example.com>\r\n")).startswith(
        "220"
    )
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await client.writer.start_tls(ssl._create_unverified_context())
        assert (await client.say("DATA"))[:1] == "5"
    assert received.mails == []


async def test_a_connection_under_tls_is_counted_once(smtp, tls):
    received = await smtp.start(tls=tls, limits=MailLimits(connections_from_this_machine=1))
    for _ in range(3):
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=received.port, start_tls=True, validate_certs=False)
        await client.connect()
        await client.quit()
        await asyncio.sleep(0.05)
    assert not received.server._sessions.open


@pytest.mark.parametrize(
    "said",
    [
        *(
            "<dana@shop.example>",
            "<a.b+c@d-e.example> SIZE=10 BODY=8BITMIME",
            "<a@b>",
            "<a%b@c.example>",
            "<>",
            "a@b.example",
        ),
        *(
            "<a..b@c.example>",
            "<.a@b.example>",
            "<@relay:a@b.example>",
            '<"q q"@b.example>',
            "<a@[192.0.2.1]>",
            "<a@b.example.>",
        ),
        *(
            "<a@b.example>X",
            "< a@b.example>",
            "<a@b.example",
            "<a@b@c.example>",
            "<דנה@shop.example>",
            "<a@b.example>  X=1",
        ),
    ],
)
def test_a_plain_address_is_read_as_aiosmtpd_reads_it(said: str):
    guarded = object.__new__(GuardedSMTP)
    assert guarded._getaddr(said) == SMTP._getaddr(guarded, said)
