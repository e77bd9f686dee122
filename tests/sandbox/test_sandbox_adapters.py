"""The product's own adapters and the sandbox understand each other, over real HTTP and SMTP."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Request
from channels.email.adapter import EmailAdapter
from channels.errors import OptedOut, SendError, Throttled, Uncertain
from channels.twilio.adapter import TwilioAdapter
from channels.whatsapp.adapter import WhatsAppAdapter
from gateway.domain.account import MailAccount, TwilioAccount, WhatsAppAccount
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.domain.messages import InboundMessage, MessageKind, StatusUpdate
from gateway.domain.outbox import Choice, Outgoing, Status
from gateway.domain.people import mailto, tel

PHONE = "+972501234567"
PUBLIC = "https://help.example"


@pytest.fixture
async def twilio(sandbox):
    settings = sandbox.world.settings
    numbers = ((Channel.SMS, settings.twilio_sms_from), (Channel.WHATSAPP, settings.twilio_whatsapp_from))
    endpoints = tuple(
        Endpoint(channel=channel, provider=Provider.TWILIO, address=number, account=settings.twilio_account_sid)
        for channel, number in numbers
    )
    account = TwilioAccount(
        sid=settings.twilio_account_sid,
        auth_tokens=settings.twilio_auth_tokens,
        api_base=sandbox.url,
        endpoints=endpoints,
    )
    adapter = TwilioAdapter(account, public_url=PUBLIC)
    yield adapter
    await adapter.close()


@pytest.fixture
async def cloud(sandbox):
    settings = sandbox.world.settings
    number, account_id = settings.whatsapp_phone_number_id, settings.whatsapp_business_account_id
    endpoint = Endpoint(channel=Channel.WHATSAPP, provider=Provider.WHATSAPP_CLOUD, address=number, account=account_id)
    account = WhatsAppAccount(
        token=settings.whatsapp_token,
        app_secrets=settings.whatsapp_app_secrets,
        verify_token=settings.whatsapp_verify_token,
        api_base=f"{sandbox.url}/v25.0",
        business_account_id=account_id,
        endpoints=(endpoint,),
    )
    adapter = WhatsAppAdapter(account)
    yield adapter
    await adapter.close()


def events(adapter, webhooks):
    found = []
    for webhook in webhooks:
        headers = {name.lower(): value for name, value in webhook.headers.items()}
        request = Request(
            method="POST", target=webhook.target, headers=headers, body=webhook.body, received_at=datetime.now(UTC)
        )
        found.extend(adapter.parse(adapter.verify(request)))
    return found


def outgoing(sandbox, channel, **changes):
    settings = sandbox.world.settings
    ours = {Channel.SMS: settings.twilio_sms_from, Channel.WHATSAPP: settings.whatsapp_phone_number_id}
    said = {
        "delivery_id": 41,
        "channel": channel,
        "endpoint_address": ours.get(channel, settings.mail_address),
        "to": tel(PHONE),
        "text": "ההזמנה בדרך",
        "status_callback_url": f"{PUBLIC}/webhooks/twilio/status",
    }
    return Outgoing(**(said | changes))


async def test_sms_both_ways_with_statuses_and_a_look_up(sandbox, product, twilio):
    await sandbox.play("sms", {"from": PHONE, "text": "שלום"})
    (message,) = events(twilio, product.webhooks)
    assert isinstance(message, InboundMessage)
    assert (message.sender.address, message.text) == (tel(PHONE), "שלום")
    said = outgoing(sandbox, Channel.SMS)
    before = datetime.now(UTC) - timedelta(seconds=5)
    receipt = await twilio.send(said)
    found = await twilio.look_up(said, since=before)
    assert found is not None
    assert found.provider_id == receipt.provider_id
    told = events(twilio, await product.webhooks_at("/webhooks/twilio/status", 2))
    assert [(update.status, update.delivery_id) for update in told] == [(Status.SENT, 41), (Status.DELIVERED, 41)]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"kind": "throttle", "retry_after_seconds": 7}, Throttled, id="429"),
        pytest.param({"kind": "accept_drop"}, Uncertain, id="accepted without an answer"),
        pytest.param({"kind": "code", "code": 21610}, OptedOut, id="21610"),
        pytest.param({"kind": "error500"}, SendError, id="500"),
    ],
)
async def test_twilio_faults_reach_the_adapter_as_what_they_are(sandbox, twilio, fault, error):
    await sandbox.play("faults", {"provider": "twilio", **fault})
    with pytest.raises(error):
        await twilio.send(outgoing(sandbox, Channel.SMS))


async def test_a_message_taken_without_an_answer_is_found_by_looking_it_up(sandbox, twilio):
    said = outgoing(sandbox, Channel.SMS)
    before = datetime.now(UTC) - timedelta(seconds=5)
    assert await twilio.look_up(said, since=before) is None
    await sandbox.play("faults", {"provider": "twilio", "kind": "accept_drop"})
    with pytest.raises(Uncertain):
        await twilio.send(said)
    assert await twilio.look_up(said, since=before) is not None
    assert (await sandbox.look("outbox"))["by_id"] == {"twilio:41": 1}


async def test_the_cloud_api_both_ways_with_choices_and_media(sandbox, product, cloud):
    photo = {"filename": "a.png", "media_type": "image/png", "base64": "iVBORw0KGgo="}
    await sandbox.play("cloud", {"from": PHONE, "name": "דנה", "text": "ראו", "files": [photo]})
    (message,) = events(cloud, product.webhooks)
    assert (message.kind, message.sender.name) == (MessageKind.IMAGE, "דנה")
    media = await cloud.fetch_media(message.attachments[0])
    assert media.content == b"\x89PNG\r\n\x1a\n"
    choices = (Choice(key="yes", label="כן"), Choice(key="no", label="לא"))
    receipt = await cloud.send(outgoing(sandbox, Channel.WHATSAPP, choices=choices))
    (shown,) = [
        message
        for message in (await sandbox.look("messages", channel="cloud"))["messages"]
        if message["author"] == "business"
    ]
    assert [choice["label"] for choice in shown["choices"]] == ["כן", "לא"]
    async with product.arrived:
        await product.arrived.wait_for(lambda: b'"delivered"' in b"".join(hook.body for hook in product.webhooks))
    updates = [event for event in events(cloud, product.webhooks) if isinstance(event, StatusUpdate)]
    assert {(update.provider_id, update.delivery_id) for update in updates} == {(receipt.provider_id, 41)}


async def test_mail_goes_out_through_the_relay_under_its_own_message_id(sandbox):
    settings = sandbox.world.settings
    account = MailAccount(
        relay_url=f"smtp://127.0.0.1:{sandbox.world.smtp_port}",
        domain=settings.mail_domain,
        reply_secret="r" * 32,
        endpoints=(Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address=settings.mail_address),),
    )
    adapter = EmailAdapter(account)
    said = outgoing(sandbox, Channel.EMAIL, to=mailto("dana@example.com"), subject="פנייה 7", status_callback_url="")
    receipt = await adapter.send(said)
    (mail,) = (await sandbox.look("messages", **{"with": "dana@example.com"}))["messages"]
    assert (mail["id"].strip("<>"), mail["subject"]) == (receipt.provider_id, "פנייה 7")
    assert (await sandbox.look("outbox"))["by_id"] == {f"mail:{mail['id']}": 1}
    await adapter.close()
