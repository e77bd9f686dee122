"""Forged, rebuilt and borrowed webhooks over real HTTP: none is accepted, and none learns what was expected."""

import asyncio
import json
import logging
import random
import time
from urllib.parse import parse_qsl, quote_from_bytes

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from open_house import Line, fields_of, form_post, meta_mac, open_house, post, twilio_mac

from gateway.web.server.listening import ConnectionLimits

MESSAGE = "/webhooks/twilio/message"
MUTANTS = 10_000
CHALLENGE = b"GET /webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1 HTTP/1.1\r\nHost: x\r\n\r\n"
LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789"


@pytest.fixture(scope="module")
def office(standing_office):
    return standing_office


@pytest.fixture
async def line(office):
    async with open_house(office, ConnectionLimits()) as port:
        line = await Line.to(port)
        yield line
        await line.close()


def whatsapp_body(office, identity="wamid.1", **changes) -> bytes:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": office.whatsapp.endpoints[0].address},
        "contacts": [{"profile": {"name": "דנה"}, "wa_id": "972501234567"}],
        "messages": [
            {"from": "972501234567", "id": identity, "type": "text", "text": {"body": "שלום 😀 \\/ a/b"}} | changes
        ],
    }
    entry = {"id": office.whatsapp.business_account_id, "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, ensure_ascii=False).encode()


def meta_post(office, body: bytes, **headers: str) -> bytes:
    ours = {"X-Hub-Signature-256": meta_mac(office.whatsapp.app_secrets[0], body), "Content-Type": "application/json"}
    return post("/webhooks/whatsapp", body, ours | {name.replace("_", "-"): value for name, value in headers.items()})


async def test_of_ten_thousand_mutated_requests_none_is_accepted(office, rows):
    seed = random.randrange(1_000_000)
    print("seed", seed)  # noqa: T201 - repeats a failure
    chance = random.Random(seed)
    before = await rows()
    originals = [form_post(office, MESSAGE + "?a=%7Eb", fields_of(office)), meta_post(office, whatsapp_body(office))]
    mutants = [mutated(chance.choice(originals), chance) for _ in range(MUTANTS)]
    async with open_house(office, ConnectionLimits()) as port:
        statuses = await asyncio.gather(*(send_all(port, mutants[number::8]) for number in range(8)))
        assert {status for each in statuses for status in each} <= {400, 403, 404, 405}
        assert await rows() == before
        line = await Line.to(port)
        assert [(await line.ask(original))[0] for original in originals] == [200, 200]
        await line.close()


def mutated(original: bytes, chance: random.Random) -> bytes:
    """Change one letter of what is signed: of the target, the body, or the signature itself."""
    head, body = original.split(b"\r\n\r\n", 1)
    first, *lines = head.split(b"\r\n")
    place = chance.choice(("target", "body", "signature"))
    if place == "body":
        changed = flip(body, chance)
        while meaning(changed) == meaning(body):
            changed = flip(body, chance)
        return head + b"\r\n\r\n" + changed
    if place == "target":
        method, target, version = first.split(b" ")
        first = b" ".join((method, target[:10] + flip(target[10:], chance), version))
    else:
        index = next(number for number, each in enumerate(lines) if b"Signature" in each)
        name, value = lines[index].split(b": ", 1)
        lines[index] = name + b": " + flip(value, chance)
    return b"\r\n".join((first, *lines)) + b"\r\n\r\n" + body


def meaning(body: bytes) -> object:
    """What is signed of a body: of a form its fields, since %D7 and %d7 are the same letter; else every byte."""
    if body.startswith(b"{"):
        return body
    return sorted(parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))


def flip(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    letter = chance.choice([each for each in LETTERS if each != content[at]])
    return content[:at] + bytes([letter]) + content[at + 1 :]


async def send_all(port: int, requests: list[bytes]) -> list[int]:
    line = await Line.to(port)
    statuses = []
    for request in requests:
        status, answer = await line.ask(request)
        statuses.append(status)
        if b"Connection: close" in answer:
            await line.close()
            line = await Line.to(port)
    await line.close()
    return statuses


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}, id="X-Forwarded"),
        pytest.param({"Forwarded": "host=evil.example;proto=https"}, id="Forwarded"),
        pytest.param({"X_Original_URL": "/", "X_Rewrite_URL": "/"}, id="rewritten"),
        pytest.param({"X_HTTP_Method_Override": "GET"}, id="another method"),
    ],
)
async def test_headers_about_the_way_here_change_nothing(office, line, headers):
    assert (await line.ask(form_post(office, MESSAGE, fields_of(office), **headers)))[0] == 200
    evil = twilio_mac(office.twilio.auth_tokens[0], "https://evil.example" + MESSAGE, list(fields_of(office).items()))
    request = form_post(office, MESSAGE, fields_of(office), X_Twilio_Signature=evil, **headers)
    assert (await line.ask(request))[0] == 403


@pytest.mark.parametrize(
    "trap",
    [
        pytest.param(lambda _: post(MESSAGE, b"", {}), id="no signature and no body"),
        pytest.param(lambda _: post(MESSAGE, b"AccountSid=AC1", {}), id="no signature"),
        pytest.param(
            lambda office: post(
                MESSAGE,
                b'{"AccountSid": "AC1"}',
                {
                    "Content-Type": "application/json",
                    "X-Twilio-Signature": twilio_mac(
                        office.twilio.auth_tokens[0], office.services.settings.public_url + MESSAGE, []
                    ),
                },
            ),
            id="JSON whose bytes nobody signed",
        ),
        pytest.param(
            lambda office: form_post(
                office,
                MESSAGE,
                fields_of(office),
                X_Twilio_Webhooks_Signature_Settings="key=k,algorithm=HMAC_SHA256",
                X_Twilio_Signature="A" * 44,
            ),
            id="an algorithm the request chose",
        ),
        pytest.param(
            lambda office: form_post(office, MESSAGE, fields_of(office, AccountSid="AC" + "9" * 32)), id="account"
        ),
        pytest.param(lambda office: form_post(office, MESSAGE, fields_of(office, To="+15005550099")), id="number"),
        pytest.param(
            lambda office: form_post(
                office,
                "/webhooks/twilio/status",
                fields_of(office, MessageStatus="delivered", From="+15005550099"),
            ),
            id="the status of a number of others",
        ),
        pytest.param(
            lambda office: meta_post(
                office, whatsapp_body(office).replace(office.whatsapp.endpoints[0].address.encode(), b"999")
            ),
            id="another WhatsApp number",
        ),
        pytest.param(
            lambda office: meta_post(
                office, whatsapp_body(office).replace(office.whatsapp.business_account_id.encode(), b"999")
            ),
            id="another business account",
        ),
        pytest.param(lambda office: meta_post(office, b'{"a": "\xff"}'), id="a body that is not UTF-8"),
        pytest.param(
            lambda office: meta_post(office, whatsapp_body(office), X_Hub_Signature_256="sha1=" + "0" * 40),
            id="the older algorithm",
        ),
        pytest.param(
            lambda office: meta_post(
                office,
                json.dumps(json.loads(whatsapp_body(office))).encode(),
                X_Hub_Signature_256=meta_mac(office.whatsapp.app_secrets[0], whatsapp_body(office)),
            ),
            id="the same JSON written in other bytes",
        ),
    ],
)
async def test_what_is_not_signed_for_us_is_forbidden_and_never_an_error(office, line, rows, trap):
    before = await rows()
    status, answer = await line.ask(trap(office))
    assert (status, answer.rpartition(b"\r\n\r\n")[2]) == (403, b"forbidden")
    assert await rows() == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(whatsapp_body, id="Hebrew, an emoji and escaped slashes"),
        pytest.param(lambda office: json.dumps(json.loads(whatsapp_body(office))).encode(), id="escaped letters"),
        pytest.param(lambda office: whatsapp_body(office).replace(b", ", b",\r\n"), id="CR LF between"),
    ],
)
async def test_what_meta_signed_is_taken_byte_for_byte(office, line, body):
    sent = body(office).replace(b"wamid.1", f"wamid.{time.monotonic_ns()}".encode())
    assert (await line.ask(meta_post(office, sent)))[0] == 200
    assert await office.pool.fetchval("SELECT body FROM raw_payload ORDER BY id DESC LIMIT 1") == sent


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.binary(min_size=1, max_size=8), max_size=4), lower=st.booleans(), data=st.data())
async def test_a_url_is_verified_as_it_came_over_the_wire(office, line, parts, lower, data):
    safe = data.draw(st.sampled_from(["", "~", ",~", "/:@!$'()*;", "%"]))
    query = "&".join(f"k{number}={quote_from_bytes(part, safe=safe)}" for number, part in enumerate(parts))
    target = f"{MESSAGE}?{query.lower() if lower else query}"
    assert (await line.ask(form_post(office, target, fields_of(office))))[0] == 200


async def test_neither_answer_nor_log_tells_the_signature_that_was_expected(office, line, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    body, fields = whatsapp_body(office), fields_of(office)
    url = office.services.settings.public_url + MESSAGE
    expected = [
        twilio_mac(office.twilio.auth_tokens[0], url, list(fields.items())),
        meta_mac(office.whatsapp.app_secrets[0], body).removeprefix("sha256="),
        *office.twilio.auth_tokens,
        *office.whatsapp.app_secrets,
        office.whatsapp.verify_token,
    ]
    with structlog.testing.capture_logs() as logs:
        answers = [
            await line.ask(form_post(office, MESSAGE, fields, X_Twilio_Signature="AAAA")),
            await line.ask(meta_post(office, body, X_Hub_Signature_256="sha256=" + "0" * 64)),
            await line.ask(CHALLENGE),
        ]
    written = "".join((*capfd.readouterr(), caplog.text, repr(logs), repr(answers)))
    assert [status for status, _ in answers] == [403] * 3
    assert not [secret for secret in expected if secret in written]
