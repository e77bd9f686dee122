import json
import random
from dataclasses import replace

import pytest
from channel_kit import BUSINESS, PAYLOADS, PHONE_ID, assert_no_secret, whatsapp_account, whatsapp_request
from msgspec import structs

from channels.errors import Forged
from channels.whatsapp import WhatsAppAdapter

ADAPTER = WhatsAppAdapter(whatsapp_account())
TEXT = (PAYLOADS / "whatsapp" / "text.json").read_bytes()


def hook(business=BUSINESS, *numbers):
    changes = [{"field": "messages", "value": {"metadata": {"phone_number_id": number}}} for number in numbers]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": business, "changes": changes}]}).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(TEXT, id="Hebrew and an emoji as they are"),
        pytest.param(json.dumps(json.loads(TEXT)).encode(), id="escaped unicode"),
        pytest.param(TEXT.replace(b"\n", b"\r\n").replace(b"/", b"\\/"), id="CR LF and escaped slashes"),
        pytest.param(b"{}", id="nothing that names an account"),
        pytest.param(b"not json", id="what is no JSON is still Meta's"),
        pytest.param(hook(BUSINESS, PHONE_ID, PHONE_ID), id="two changes"),
        pytest.param(hook(int(BUSINESS), int(PHONE_ID)), id="ids that are numbers"),
    ],
)
def test_what_meta_signed_is_accepted(body):
    ADAPTER.verify(whatsapp_request(body))


def test_the_older_secret_is_accepted_while_rotating():
    ADAPTER.verify(whatsapp_request(TEXT, "older-secret"))


def signed(change):
    request = whatsapp_request(TEXT)
    header = request.headers["x-hub-signature-256"]
    return structs.replace(request, headers={"x-hub-signature-256": change(header)})


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(structs.replace(whatsapp_request(TEXT), headers={}), id="no signature"),
        pytest.param(signed(lambda header: header.removeprefix("sha256=")), id="without its prefix"),
        pytest.param(signed(lambda header: "sha1=" + header[7:47]), id="the older algorithm"),
        pytest.param(signed(str.upper), id="in capitals"),
        pytest.param(signed(lambda header: header + " "), id="with a space"),
        pytest.param(signed(lambda header: header + "\n"), id="with a line feed"),
        pytest.param(signed(lambda header: header[:-1]), id="one digit short"),
        pytest.param(signed(lambda _: "sha256=" + "٠" * 64), id="digits that are not ASCII"),
        pytest.param(signed(str.encode), id="bytes"),
        pytest.param(signed(lambda _: None), id="none"),
        pytest.param(whatsapp_request(TEXT, "some other secret"), id="another secret"),
        pytest.param(whatsapp_request(TEXT, ""), id="an empty secret"),
        pytest.param(structs.replace(whatsapp_request(TEXT), body=TEXT + b" "), id="one byte more"),
        pytest.param(structs.replace(whatsapp_request(TEXT), body=TEXT.decode()), id="a body that is text"),
        pytest.param(whatsapp_request(b'{"a": "\xff"}'), id="a body that is not UTF-8"),
        pytest.param(whatsapp_request(hook("1234", PHONE_ID)), id="another business account"),
        pytest.param(whatsapp_request(hook(BUSINESS, "1234")), id="another number"),
        pytest.param(whatsapp_request(hook(BUSINESS, PHONE_ID, "1234")), id="another number behind ours"),
    ],
)
def test_anything_else_is_forged_and_never_an_error(request_):
    with pytest.raises(Forged) as caught:
        ADAPTER.verify(request_)
    assert_no_secret(str(caught.value))


def test_without_a_secret_nothing_is_accepted():
    for secrets in ((), ("",)):
        with pytest.raises(Forged):
            WhatsAppAdapter(replace(whatsapp_account(), app_secrets=secrets)).verify(whatsapp_request(TEXT, ""))


def test_a_business_account_that_is_not_configured_is_not_asked_for():
    WhatsAppAdapter(replace(whatsapp_account(), business_account_id="")).verify(
        whatsapp_request(hook("1234", PHONE_ID))
    )


def test_no_mutation_of_a_signed_request_is_accepted():
    chance = random.Random(7)
    whole = whatsapp_request(TEXT)
    accepted = 0
    for _ in range(2000):
        at, bit = chance.randrange(len(TEXT)), 1 << chance.randrange(8)
        body = TEXT[:at] + bytes([TEXT[at] ^ bit]) + TEXT[at + 1 :]
        try:
            ADAPTER.verify(structs.replace(whole, body=body))
            accepted += 1
        except Forged:
            pass
    assert accepted == 0


RIGHT = {"hub.mode": "subscribe", "hub.verify_token": "canary-verify", "hub.challenge": "1158201444"}


def test_the_challenge_is_echoed():
    assert ADAPTER.challenge(RIGHT) == "1158201444"
    assert ADAPTER.challenge(RIGHT | {"hub.challenge": "9" * 128}) == "9" * 128


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"hub.verify_token": "wrong"}, id="a wrong token"),
        pytest.param({"hub.verify_token": ""}, id="no token"),
        pytest.param({"hub.verify_token": "\udcff"}, id="a token of raw bytes"),
        pytest.param({"hub.mode": "unsubscribe"}, id="another mode"),
        pytest.param({"hub.challenge": "<script>alert(1)</script>"}, id="a script"),
        pytest.param({"hub.challenge": ""}, id="nothing to echo"),
        pytest.param({"hub.challenge": "9" * 129}, id="too much to echo"),
        pytest.param({"hub.challenge": "١٢٣"}, id="digits that are not ASCII"),
        pytest.param({"hub.challenge": "1\n"}, id="a line feed"),
    ],
)
def test_no_other_challenge_is(changes):
    with pytest.raises(Forged):
        ADAPTER.challenge(RIGHT | changes)
    with pytest.raises(Forged):
        ADAPTER.challenge({})


def test_an_empty_verify_token_opens_nothing():
    with pytest.raises(Forged):
        WhatsAppAdapter(replace(whatsapp_account(), verify_token="")).challenge(RIGHT | {"hub.verify_token": ""})
