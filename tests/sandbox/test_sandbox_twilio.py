"""The sandbox's Twilio is one that the official client and validator cannot tell from the real one."""

import asyncio
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

PHONE = "+972501234567"
CALLBACK = "https://help.example/webhooks/twilio/status?delivery=41"


def form_of(webhook):
    return dict(parse_qsl(webhook.body.decode(), keep_blank_values=True))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"text": "שלום, where is my order? 🚚"}, id="Hebrew, English and emoji"),
        pytest.param({"text": ""}, id="blank Body is kept in the form and the signature"),
        pytest.param({"text": "a&b=c+d %20"}, id="characters that forms escape"),
    ],
)
async def test_an_inbound_sms_is_signed_for_the_public_address(sandbox, product, said):
    answer = await sandbox.play("sms", {"from": PHONE, **said})
    (webhook,) = await product.webhooks_at("/webhooks/twilio/message", 1)
    form = form_of(webhook)
    assert answer == {"id": form["MessageSid"], "accepted": True, "status": 200, "error": ""}
    assert (form["From"], form["To"], form["Body"]) == (PHONE, "+97233730001", said["text"])
    assert form["FromCity"] == ""
    validator = RequestValidator("first-token")
    signature = webhook.headers["X-Twilio-Signature"]
    assert validator.validate("https://help.example/webhooks/twilio/message", form, signature)
    assert not validator.validate("https://help.example/webhooks/twilio/message", form | {"Body": "!"}, signature)


async def test_a_whatsapp_button_tells_its_payload_and_what_it_answers(sandbox, product):
    tapped = {"from": PHONE, "name": "דנה", "button": {"text": "כן", "payload": "yes"}, "reply_to": "SM" + "0" * 32}
    await sandbox.play("whatsapp", tapped)
    (webhook,) = await product.webhooks_at("/webhooks/twilio/message", 1)
    form = form_of(webhook)
    assert form["From"] == f"whatsapp:{PHONE}"
    assert form["WaId"] == PHONE[1:]
    assert (form["ButtonText"], form["ButtonPayload"], form["MessageType"]) == ("כן", "yes", "button")
    assert form["OriginalRepliedMessageSid"] == "SM" + "0" * 32
    assert form["ProfileName"] == "דנה"


async def test_a_failing_product_is_asked_once_more_only_when_it_could_not_be_reached(sandbox, product):
    product.answers = [500]
    answer = await sandbox.play("sms", {"from": PHONE, "text": "hi"})
    assert (answer["accepted"], answer["status"]) == (False, 500)
    assert len(product.webhooks) == 1


async def test_webhook_options_in_the_address_make_twilio_retry_on_anything(sandbox, product):
    await sandbox.play("faults", {"rules": {"twilio_webhook_options": "rc=5&rp=all"}})
    product.answers = [500, 503]
    answer = await sandbox.play("sms", {"from": PHONE, "text": "hi"})
    assert answer["accepted"]
    tokens = {webhook.headers["I-Twilio-Idempotency-Token"] for webhook in product.webhooks}
    assert (len(product.webhooks), len(tokens)) == (3, 1)
    signature = product.webhooks[0].headers["X-Twilio-Signature"]
    address = "https://help.example/webhooks/twilio/message"
    assert RequestValidator("first-token").validate(address, form_of(product.webhooks[0]), signature)


async def test_callbacks_come_signed_and_in_order(sandbox, product):
    status, created, _ = await sandbox.send_sms(StatusCallback=CALLBACK, Body="שלום" * 30)
    assert (status, created["status"], created["num_segments"]) == (201, "queued", "2")
    callbacks = await product.webhooks_at("/webhooks/twilio/status?delivery=41", 2)
    forms = [form_of(callback) for callback in callbacks]
    assert [form["MessageStatus"] for form in forms] == ["sent", "delivered"]
    assert {form["MessageSid"] for form in forms} == {created["sid"]}
    for callback, form in zip(callbacks, forms, strict=True):
        assert RequestValidator("first-token").validate(CALLBACK, form, callback.headers["X-Twilio-Signature"])
    assert (await sandbox.look("outbox"))["by_id"] == {"twilio:41": 1}


async def test_a_whatsapp_message_becomes_read_when_the_customer_reads_it(sandbox, product):
    await sandbox.play("whatsapp", {"from": PHONE, "text": "hi"})
    to = {"To": f"whatsapp:{PHONE}", "From": "whatsapp:+97233730002"}
    _, created, _ = await sandbox.send_sms(**to, StatusCallback=CALLBACK)
    await product.webhooks_at("/webhooks/twilio/status", 2)
    assert await sandbox.play("read", {"ids": [created["sid"]]}) == {"read": [created["sid"]]}
    callbacks = await product.webhooks_at("/webhooks/twilio/status", 3)
    assert form_of(callbacks[-1])["MessageStatus"] == "read"


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        pytest.param({"To": None}, 400, 21604, id="no To"),
        pytest.param({"To": "0501234567"}, 400, 21211, id="To is no E.164"),
        pytest.param({"To": "whatsapp:", "From": "whatsapp:+97233730002"}, 400, 21211, id="empty WhatsApp number"),
        pytest.param({"From": None}, 400, 21603, id="neither From nor a service"),
        pytest.param({"From": "+15005550006"}, 400, 21606, id="From is not ours"),
        pytest.param({"From": "+97233730009"}, 201, None, id="the second of our numbers"),
        pytest.param({"To": f"whatsapp:{PHONE}"}, 400, 21910, id="SMS number to WhatsApp"),
        pytest.param({"To": f"whatsapp:{PHONE}", "From": "whatsapp:+1"}, 400, 63007, id="WhatsApp From is not ours"),
        pytest.param({"Body": ""}, 400, 21602, id="no body"),
        pytest.param({"Body": "א" * 1601}, 400, 21617, id="1601 characters"),
        pytest.param({"Body": "א" * 1600}, 201, None, id="1600 characters"),
        pytest.param({"MediaUrl": "ftp://a/b"}, 400, 21620, id="media by no web link"),
        pytest.param({"StatusCallback": "nonsense"}, 400, 21609, id="callback is no URL"),
        pytest.param({"ContentSid": "HX1", "ContentVariables": "[]"}, 400, 21656, id="variables are no object"),
        pytest.param({"Body": None, "MediaUrl": "https://a/b.png"}, 201, None, id="media alone"),
    ],
)
async def test_bad_sends_are_refused_with_twilios_code(sandbox, form, status, code):
    got, body, _ = await sandbox.send_sms(**form)
    assert (got, body.get("code")) == (status, code)


async def test_an_unknown_token_is_20003(sandbox):
    async with sandbox.session.get(f"{sandbox.twilio}/Messages.json") as response:
        assert (response.status, (await response.json())["code"]) == (401, 20003)


async def test_whatsapp_outside_its_window_fails_late_with_63016(sandbox, product):
    to = {"To": f"whatsapp:{PHONE}", "From": "whatsapp:+97233730002", "StatusCallback": CALLBACK}
    status, _, _ = await sandbox.send_sms(**to)
    assert status == 201
    (callback,) = await product.webhooks_at("/webhooks/twilio/status", 1)
    form = form_of(callback)
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "63016")
    assert (await sandbox.look("outbox"))["total"] == 0
    await sandbox.send_sms(**to, Body=None, ContentSid="HX" + "0" * 32)
    assert form_of((await product.webhooks_at("/webhooks/twilio/status", 2))[1])["MessageStatus"] == "sent"


@pytest.mark.parametrize(
    ("advanced", "forwarded"), [pytest.param(False, None, id="basic"), pytest.param(True, "STOP", id="advanced")]
)
async def test_stop_blocks_at_twilio_until_start(sandbox, product, advanced, forwarded):
    await sandbox.play("faults", {"rules": {"advanced_opt_out": advanced}})
    await sandbox.play("sms", {"from": PHONE, "text": " stop "})
    assert form_of(product.webhooks[0]).get("OptOutType") == forwarded
    assert (await sandbox.send_sms())[1]["code"] == 21610
    listed = (await sandbox.look("messages", **{"with": PHONE}))["messages"]
    assert [message["author"] for message in listed] == ["customer", "provider"]
    await sandbox.play("sms", {"from": PHONE, "text": "START"})
    assert (await sandbox.send_sms())[0] == 201


async def test_hebrew_stop_is_the_products_to_handle(sandbox):
    await sandbox.play("sms", {"from": PHONE, "text": "הסר"})
    assert (await sandbox.send_sms())[0] == 201


async def test_the_official_client_sends_finds_and_pages(sandbox):
    account = sandbox.world.settings.twilio_account_sid

    class ToSandbox(TwilioHttpClient):
        def request(self, method, url, **rest):
            return super().request(method, url.replace("https://api.twilio.com", sandbox.url), **rest)

    def use():
        http = ToSandbox(pool_connections=False)
        client = Client(account, "first-token", http_client=http)
        sids = [client.messages.create(to=PHONE, from_="+97233730001", body=str(n)).sid for n in range(5)]
        found = client.messages.list(
            to=PHONE, date_sent_after=client.messages(sids[0]).fetch().date_created, page_size=2
        )
        none = client.messages.list(to="+972500000000")
        with pytest.raises(TwilioRestException) as caught:
            client.messages("SM" + "0" * 32).fetch()
        return sids, [message.sid for message in found], none, caught.value.code

    sids, found, none, code = await asyncio.to_thread(use)
    assert (found, none, code) == (sids[::-1], [], 20404)


async def test_inbound_media_is_fetched_with_a_password_and_a_redirect(sandbox, product):
    picture = {"filename": "a.png", "media_type": "image/png", "base64": "iVBORw0KGgo="}
    await sandbox.play("sms", {"from": PHONE, "files": [picture]})
    form = form_of(product.webhooks[0])
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    async with sandbox.session.get(form["MediaUrl0"]) as response:
        assert response.status == 401
    async with sandbox.session.get(form["MediaUrl0"], headers=sandbox.basic, allow_redirects=False) as response:
        assert response.status == 307
    async with sandbox.session.get(form["MediaUrl0"], headers=sandbox.basic) as response:
        assert (response.content_type, await response.read()) == ("image/png", b"\x89PNG\r\n\x1a\n")
