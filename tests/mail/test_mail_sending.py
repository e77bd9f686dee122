"""Mail goes out through a real SMTP relay, well formed, and each refusal means one of our errors."""

import asyncio
import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from channels.email import compose, token
from channels.email.adapter import EmailAdapter
from channels.email.automatic import our_delivery
from channels.email.refusals import refusal
from channels.errors import AccountBlocked, BadAddress, Rejected, Throttled, Unavailable, Uncertain, Undeliverable
from gateway.domain.account import MailAccount
from gateway.domain.channel import Channel
from gateway.domain.outbox import Choice, Outgoing
from gateway.domain.people import mailto

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class RelayHandler:
    """A relay that keeps what it gets and answers as told."""

    def __init__(self):
        self.mails, self.sessions = [], set()
        self.rcpt, self.data = "250 OK", "250 OK"
        self.drop_in_data = False

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if self.rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.drop_in_data:
            server.transport.abort()
            return "250 OK"
        self.sessions.add(id(session))
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.data


@pytest.fixture
async def relay():
    handler = RelayHandler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="relay.test", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    handler.port = server.sockets[0].getsockname()[1]
    handler.server = server
    yield handler
    server.close()


@pytest.fixture
async def adapter(account, relay):
    made = EmailAdapter(replace(account, relay_url=f"smtp://127.0.0.1:{relay.port}"))
    yield made
    await made.close()


def outgoing(**changes) -> Outgoing:
    base = Outgoing(
        delivery_id=41,
        channel=Channel.EMAIL,
        endpoint_address="support@example.com",
        to=mailto("dana@example.net"),
        subject="Re: הזמנה",
        text="שלום דנה,\n\nההזמנה <b>בדרך</b>: https://example.com/o?a=1&b=2 <i>",
    )
    return structs.replace(base, **changes)


def parsed(content: bytes):
    return email.message_from_bytes(content, policy=email.policy.default)


async def test_a_reply_arrives_as_text_and_html_in_its_direction(adapter, relay, account):
    address = token.reply_address(
        9, mailbox="support@example.com", domain="example.com", now=NOW, secret=account.reply_secret
    )
    receipt = await adapter.send(outgoing(in_reply_to="c@x", references=("a@x", "b@x"), reply_to=address))
    ((sender, to, content),) = relay.mails
    message = parsed(content)
    assert (sender, to) == ("support@example.com", ["dana@example.net"])
    assert (message["subject"], str(message["from"])) == ("Re: הזמנה", "אשנב <support@example.com>")
    assert message["message-id"] == f"<{receipt.provider_id}>"
    assert (message["in-reply-to"], message["references"]) == ("<c@x>", "<a@x> <b@x> <c@x>")
    assert address in message["reply-to"]
    assert message["auto-submitted"] is None
    text, page = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
    assert text.replace("\r\n", "\n") == outgoing().text + "\n"
    assert 'dir="rtl"' in page
    assert 'lang="he"' in page
    assert "&lt;b&gt;בדרך&lt;/b&gt;" in page
    assert "&lt;i&gt;" in page
    assert '<a href="https://example.com/o?a=1&amp;b=2">' in page


async def test_an_english_mail_runs_from_left_to_right(adapter, relay):
    await adapter.send(outgoing(language="en", text="Hello", subject=""))
    page = parsed(relay.mails[0][2]).get_body(("html",)).get_content()
    assert 'dir="ltr"' in page
    assert parsed(relay.mails[0][2])["subject"] == "Message"


@pytest.mark.usefixtures("relay")
async def test_a_delivery_always_has_the_same_message_id_which_only_we_can_make(adapter, account):
    first, again = await adapter.send(outgoing()), await adapter.send(outgoing())
    assert first.provider_id == again.provider_id
    assert our_delivery(account, (first.provider_id,)) == 41
    assert our_delivery(account, (first.provider_id.replace(".41.", ".42."),)) is None


async def test_an_automatic_answer_says_so_and_its_bounce_reaches_nobody(adapter, relay):
    await adapter.send(outgoing(automatic=True))
    sender, _, content = relay.mails[0]
    message = parsed(content)
    assert sender in {"", "<>"}
    assert message["auto-submitted"] == "auto-replied"
    assert message["x-auto-response-suppress"] == "All"
    assert message["x-loop"] == "eshnav@example.com"


async def test_a_notice_can_be_left_with_one_click(adapter, relay):
    await adapter.send(outgoing(notice=True, unsubscribe_url="https://example.com/u/abc"))
    message = parsed(relay.mails[0][2])
    assert message["list-unsubscribe"] == "<https://example.com/u/abc>"
    assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert "https://example.com/u/abc" in message.get_body(("plain",)).get_content()


async def test_choices_are_numbered_lines(adapter, relay):
    await adapter.send(outgoing(text="?", choices=(Choice(key="a", label="כן"), Choice(key="b", label="לא"))))
    assert "1. כן" in parsed(relay.mails[0][2]).get_body(("plain",)).get_content()


async def test_connections_are_kept_and_shared(adapter, relay):
    await asyncio.gather(*(adapter.send(outgoing(delivery_id=number)) for number in range(20)))
    await adapter.send(outgoing())
    assert len(relay.mails) == 21
    assert len(relay.sessions) <= 4


async def test_a_relay_that_hung_up_between_mails_is_called_again(adapter, relay):
    await adapter.send(outgoing())
    adapter._relay._idle[0].client.transport.abort()
    await asyncio.sleep(0.05)
    await adapter.send(outgoing())
    assert len(relay.mails) == 2


@pytest.mark.parametrize(
    ("reply", "text", "error"),
    [
        (550, "5.1.1 User unknown", BadAddress),
        (550, "No such user here", BadAddress),
        (553, "5.1.3 Bad address syntax", BadAddress),
        (552, "5.2.2 Mailbox full", Undeliverable),
        (550, "5.7.1 Rejected by policy", Undeliverable),
        (550, "5.7.26 DMARC", Undeliverable),
        (552, "5.3.4 Message too big", Rejected),
        (554, "Transaction failed", Rejected),
        (535, "5.7.8 Bad credentials", AccountBlocked),
        (530, "5.7.0 Authentication required", AccountBlocked),
        (553, "5.1.8 Sender address rejected", AccountBlocked),
        (421, "Too many messages", Throttled),
        (450, "4.7.1 Greylisted", Throttled),
        (451, "4.3.0 Local error", Unavailable),
        (452, "4.2.2 Mailbox full", Unavailable),
    ],
)
def test_each_refusal_means_one_of_our_errors(reply, text, error):
    found = refusal(reply, text)
    assert type(found) is error
    assert found.reason
    assert str(reply) in found.code


@pytest.mark.parametrize(
    ("stage", "reply", "error"),
    [
        ("rcpt", "550 5.1.1 unknown", BadAddress),
        ("rcpt", "451 later", Unavailable),
        ("data", "554 no", Rejected),
        ("data", "421 4.7.0 slow down", Throttled),
    ],
)
async def test_a_refusal_at_any_step_is_told(adapter, relay, stage, reply, error):
    setattr(relay, stage, reply)
    with pytest.raises(error):
        await adapter.send(outgoing())
    setattr(relay, stage, "250 OK")
    assert (await adapter.send(outgoing())).provider_id


async def test_a_connection_lost_after_the_mail_went_out_is_uncertain(adapter, relay):
    relay.drop_in_data = True
    with pytest.raises(Uncertain) as lost:
        await adapter.send(outgoing())
    assert lost.value.maybe_sent


async def test_a_relay_that_is_away_is_unavailable(account):
    adapter = EmailAdapter(account)
    with pytest.raises(Unavailable):
        await adapter.send(outgoing())


async def test_a_password_does_not_go_out_without_tls(account, relay, monkeypatch):
    adapter = EmailAdapter(replace(account, relay_url=f"smtp://user:secret@127.0.0.1:{relay.port}"))
    monkeypatch.setattr("channels.email.relay._is_here", lambda _host: False)
    with pytest.raises(AccountBlocked, match="TLS"):
        await adapter.send(outgoing())


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@example.net", "a@example.net\r\nRCPT TO:<x@y.z>", ""])
async def test_what_is_no_address_is_not_sent_to(adapter, relay, address):
    from gateway.domain.people import Address, Scheme

    with pytest.raises(BadAddress):
        await adapter.send(outgoing(to=Address(scheme=Scheme.MAILTO, value=address)))
    assert relay.mails == []


NASTY = st.text(alphabet=st.characters(codec="utf-8"), max_size=80) | st.sampled_from(
    ["a\r\nBcc: x@example.net", "a\n\nbody", "\r\n", "=?utf-8?q?x?=", "\u2028Bcc: x"]
)


@given(subject=NASTY, name=NASTY, reference=NASTY, url=NASTY)
def test_nothing_that_is_written_becomes_a_header(subject, name, reference, url):
    account = MailAccount(relay_url="", domain="example.com", reply_secret="s" * 32)
    mail = outgoing(subject=subject, in_reply_to=reference, references=(reference,), notice=True, unsubscribe_url=url)
    content = compose.write(mail, account, sender_name=name, now=NOW).as_bytes()
    allowed = {
        "from", "to", "subject", "date", "message-id", "x-loop", "in-reply-to", "references", "auto-submitted",
        "x-auto-response-suppress", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type",
    }  # fmt: skip
    message = email.message_from_bytes(content)
    assert {field.lower() for field in message} <= allowed
    assert len(message.get_payload()) == 2
