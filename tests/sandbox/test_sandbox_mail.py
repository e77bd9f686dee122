"""Mail both ways: a relay that keeps what the product sends, and customers who write and answer as mail programs do."""

import asyncio
import email
import email.policy
from email.message import EmailMessage

import aiosmtplib
import pytest

DANA = "dana@example.com"


def notice(**headers):
    message = EmailMessage()
    message["From"] = "Help <support@help.example>"
    message["To"] = DANA
    message["Subject"] = "הזמנה 7"
    message["Message-ID"] = "<d.41@help.example>"
    message["References"] = "<a@help.example>"
    message["Reply-To"] = "support+c1.secret@help.example"
    message.set_content("שלום דנה,\nההזמנה בדרך.\n")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


async def relay(sandbox, message):
    return await aiosmtplib.send(
        message, hostname="127.0.0.1", port=sandbox.world.smtp_port, username="any", password="any", start_tls=False
    )


async def test_the_relay_keeps_mail_for_its_mailbox(sandbox):
    await relay(sandbox, notice())
    (mail,) = (await sandbox.look("messages", **{"with": DANA}))["messages"]
    assert (mail["subject"], mail["text"]) == ("הזמנה 7", "שלום דנה,\nההזמנה בדרך.")
    assert mail["reply_address"] == "support+c1.secret@help.example"
    assert (await sandbox.look("outbox"))["by_id"] == {"mail:<d.41@help.example>": 1}


async def test_the_same_message_id_twice_is_seen_as_a_duplicate(sandbox):
    await relay(sandbox, notice())
    await relay(sandbox, notice())
    assert (await sandbox.look("outbox"))["duplicates"] == {"mail:<d.41@help.example>": 2}
    assert len((await sandbox.look("messages", **{"with": DANA}))["messages"]) == 2


@pytest.mark.parametrize(
    ("program", "language", "sign"),
    [
        pytest.param("gmail", "he", "בתאריך", id="Gmail in Hebrew"),
        pytest.param("gmail", "en", "wrote:", id="Gmail in English"),
        pytest.param("outlook", "he", "מאת: Help <support@help.example>", id="Outlook in Hebrew"),
        pytest.param("thunderbird", "he", "נכתב על ידי Help", id="Thunderbird in Hebrew"),
    ],
)
async def test_an_answer_goes_to_reply_to_with_its_thread_and_quote(sandbox, product, program, language, sign):
    await relay(sandbox, notice())
    answer = {"from": DANA, "name": "דנה", "text": "תודה!", "reply_to": "<d.41@help.example>"}
    reply = await sandbox.play("mail", answer | {"program": program, "language": language})
    assert reply["accepted"]
    ((sender, recipients, raw),) = await product.mails_in(1)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert (sender, recipients) == (DANA, ["support+c1.secret@help.example"])
    assert mail["In-Reply-To"] == "<d.41@help.example>"
    assert mail["References"] == "<a@help.example> <d.41@help.example>"
    assert mail["Subject"] == "Re: הזמנה 7"
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("תודה!")
    assert sign in text
    assert "ההזמנה בדרך." in text


async def test_a_new_mail_carries_its_files_to_the_support_mailbox(sandbox, product):
    file = {"filename": "קבלה.pdf", "media_type": "application/pdf", "base64": "JVBERi0="}
    await sandbox.play("mail", {"from": DANA, "subject": "help", "text": "hi", "files": [file], "authenticated": True})
    ((_, recipients, raw),) = await product.mails_in(1)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert recipients == ["support@help.example"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["קבלה.pdf"]
    assert "dmarc=pass" in mail["Authentication-Results"]


async def test_a_refusal_of_the_product_is_shown(sandbox, product):
    product.smtp_answer = "451 4.3.0 Not now"
    reply = await sandbox.play("mail", {"from": DANA, "text": "hi"})
    assert (reply["accepted"], reply["status"]) == (False, 451)
    (mail,) = (await sandbox.look("messages", **{"with": DANA}))["messages"]
    assert (mail["status"], mail["smtp_reply"]) == ("refused", "451 4.3.0 Not now")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param({"kind": "throttle"}, 451, id="throttled"),
        pytest.param({"kind": "error500"}, 421, id="out of service"),
        pytest.param({"kind": "code", "code": 550}, 550, id="no such user, at RCPT"),
    ],
)
async def test_the_relay_refuses_when_asked_to_and_only_then(sandbox, fault, code):
    await sandbox.play("faults", {"provider": "mail", **fault})
    with pytest.raises(aiosmtplib.SMTPException) as caught:
        await relay(sandbox, notice())
    refused = getattr(caught.value, "recipients", [caught.value])[0]
    assert refused.code == code
    assert (await sandbox.look("outbox"))["total"] == 0
    await relay(sandbox, notice())
    assert (await sandbox.look("outbox"))["total"] == 1


async def test_accept_and_drop_keeps_the_mail_but_never_says_so(sandbox):
    await sandbox.play("faults", {"provider": "mail", "kind": "accept_drop"})
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await relay(sandbox, notice())
    assert (await sandbox.look("outbox"))["total"] == 1


async def test_a_bounce_comes_back_as_a_delivery_report(sandbox, product):
    await sandbox.play("faults", {"provider": "mail", "kind": "bounce"})
    await relay(sandbox, notice())
    ((sender, recipients, raw),) = await product.mails_in(1)
    report = email.message_from_bytes(raw, policy=email.policy.default)
    assert (sender, recipients) == ("<>", ["support@help.example"])
    assert (report.get_content_type(), report.get_param("report-type")) == ("multipart/report", "delivery-status")
    status = list(report.walk())[2]
    assert status.get_content_type() == "message/delivery-status"
    assert b"5.1.1" in raw
    assert b"Message-ID: <d.41@help.example>" in raw


async def test_one_click_unsubscribing_posts_what_rfc_8058_says(sandbox, product):
    link = "<mailto:stop@help.example>, <https://help.example/u/token-1>"
    await relay(sandbox, notice(List_Unsubscribe=link, List_Unsubscribe_Post="List-Unsubscribe=One-Click"))
    assert (await sandbox.play("unsubscribe", {"id": "<d.41@help.example>"}))["accepted"]
    (webhook,) = product.webhooks
    assert (webhook.target, webhook.body) == ("/u/token-1", b"List-Unsubscribe=One-Click")


async def test_nobody_answering_is_said_plainly(sandbox):
    closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    object.__setattr__(sandbox.world.settings, "gateway_smtp_port", port)
    reply = await sandbox.play("mail", {"from": DANA, "text": "hi"})
    assert (reply["accepted"], reply["status"]) == (False, 0)
