"""The edge of the webhooks: what is refused, what is kept, and what the provider is told."""

import asyncio
import gzip
import json

import pytest

from gateway.web import webhooks


def fields_of(office, **changes):
    return {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": office.twilio.sid,
        "From": "+972501234567",
        "To": office.twilio.endpoints[0].address,
        "Body": "שלום",
        "NumMedia": "0",
    } | changes


async def messages(office) -> int:
    return await office.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'")


async def test_a_signed_text_is_stored_before_twilio_gets_its_empty_twiml(office):
    answer = await office.text("איך אני מאפס סיסמה?")

    assert (answer.status, await answer.text()) == (200, "<Response/>")
    assert answer.content_type == "text/xml"
    assert await messages(office) == 1


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Twilio-Signature": ""}, id="an empty signature"),
        pytest.param({"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}, id="someone else's signature"),
        pytest.param({"X-Twilio-Signature": "שלום"}, id="a signature that is no ASCII"),
    ],
)
async def test_a_forged_webhook_is_refused_in_words_that_never_change(office, headers):
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    answer = await office.twilio_post("/webhooks/twilio/message", fields_of(office), **headers)

    assert (answer.status, await answer.text()) == (403, "forbidden")
    assert await office.pool.fetchval("SELECT count(*) FROM raw_payload") == 0


async def test_a_good_signature_for_another_account_is_refused(office):
    answer = await office.twilio_post("/webhooks/twilio/message", fields_of(office, AccountSid="AC" + "9" * 32))

    assert answer.status == 403


async def test_a_signature_belongs_to_its_own_path(office):
    answer = await office.client.post(
        "/webhooks/twilio/status?x=1", data=b"a=b", headers={"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    )

    assert answer.status == 403


async def test_too_large_a_body_is_refused(office):
    answer = await office.client.post("/webhooks/whatsapp", data=b"x" * (256 * 1024 + 1))

    assert answer.status == 413


async def test_a_compressed_body_is_refused_unread(office):
    answer = await office.client.post(
        "/webhooks/whatsapp", data=gzip.compress(b"0" * 10_000_000), headers={"Content-Encoding": "gzip"}
    )

    assert answer.status == 415


async def test_a_body_that_never_ends_is_given_up(office, monkeypatch):
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.1)
    url = office.client.make_url("/webhooks/whatsapp")
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")

    assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()


async def test_the_status_of_a_delivery_is_acknowledged_without_a_body(office):
    fields = {
        "MessageSid": "SM" + "2" * 32,
        "MessageStatus": "delivered",
        "AccountSid": office.twilio.sid,
        "From": office.twilio.endpoints[0].address,
        "To": "+972501234567",
    }
    answer = await office.twilio_post("/webhooks/twilio/status", fields)

    assert (answer.status, await answer.read()) == (204, b"")


async def test_a_batch_from_whatsapp_is_taken_in_whole(office):
    await office.whatsapp_text("מה שעות הפתיחה?")

    assert await office.pool.fetchval("SELECT channel FROM message WHERE direction = 'inbound'") == "whatsapp"


async def test_json_nobody_understands_is_kept_for_operations_and_acknowledged(office):
    entry = {"id": office.whatsapp.business_account_id, "changes": [{"field": "moon_phase", "value": {"new": True}}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()

    answer = await office.whatsapp_post(body)

    assert answer.status == 200
    [row] = await office.pool.fetch("SELECT body, problem FROM raw_payload")
    assert row["body"] == body
    assert row["problem"]


async def test_a_parser_that_breaks_loses_nothing(office, monkeypatch):
    adapter = office.services.registry.adapters_of("twilio")[0]
    monkeypatch.setattr(type(adapter), "parse", lambda *_: 1 / 0)

    answer = await office.text("שלום")

    assert answer.status == 200
    assert await office.pool.fetchval("SELECT problem FROM raw_payload") == "reading it failed: ZeroDivisionError"


async def test_without_a_place_to_keep_it_the_provider_is_told_to_try_again(office):
    office.services.intake.stop()

    answer = await office.text("שלום")

    assert answer.status == 503
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({}, 200, id="Meta asks with our token"),
        pytest.param({"hub.verify_token": "guess"}, 403, id="another token"),
        pytest.param({"hub.verify_token": ""}, 403, id="an empty token"),
        pytest.param({"hub.mode": "unsubscribe"}, 403, id="another mode"),
        pytest.param({"hub.challenge": "<script>alert(1)</script>"}, 403, id="a challenge that is markup"),
        pytest.param({"hub.challenge": "1" * 129}, 403, id="a challenge without end"),
    ],
)
async def test_only_meta_gets_its_challenge_back(office, change, status):
    query = {"hub.mode": "subscribe", "hub.verify_token": office.whatsapp.verify_token, "hub.challenge": "11587"}

    answer = await office.client.get("/webhooks/whatsapp", params=query | change)

    assert answer.status == status
    assert await answer.text() == ("11587" if status == 200 else "forbidden")
    assert answer.content_type == "text/plain"
