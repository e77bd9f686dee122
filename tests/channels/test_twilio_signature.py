import hashlib
import random
from dataclasses import replace
from urllib.parse import quote_from_bytes, urlencode

import pytest
from channel_kit import (
    NUMBER,
    PAYLOADS,
    PUBLIC_URL,
    SERVICE,
    SID,
    assert_no_secret,
    now,
    twilio_account,
    twilio_request,
    twilio_signature,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from twilio.request_validator import RequestValidator

from channels.contract import Request
from channels.errors import Forged
from channels.twilio import TwilioAdapter
from channels.twilio.form import pairs
from channels.twilio.signature import is_signed, origins, signed_text

ADAPTER = TwilioAdapter(twilio_account(), public_url=PUBLIC_URL)
OURS = [("AccountSid", SID), ("To", NUMBER), ("From", "+972501234567"), ("MessageSid", "SM1")]
VECTOR_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def request_of(pairs, target="/webhooks/twilio/message", origin=PUBLIC_URL, **headers):
    signature = twilio_signature(origin + target, pairs)
    all_headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature} | headers
    return Request(method="POST", target=target, headers=all_headers, body=urlencode(pairs).encode(), received_at=now())


@pytest.mark.parametrize(
    ("url", "pairs", "signature"),
    [
        pytest.param(
            VECTOR_URL,
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Caller", "+14158675309"),
                ("Digits", "1234"),
                ("From", "+14158675309"),
                ("To", "+18005551212"),
            ],
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            id="Twilio's own example",
        ),
        pytest.param(
            VECTOR_URL,
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            id="a name twice, its values sorted; a name that begins another",
        ),
        pytest.param(
            VECTOR_URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
            [],
            "a9nBmqA0ju/hNViExpshrM61xv4=",
            id="a body by its hash",
        ),
    ],
)
def test_twilios_vectors_hold(url, pairs, signature):
    assert is_signed(signature, [url], signed_text(pairs), [b"12345"])
    assert not is_signed(signature, [url], signed_text(pairs), [b"12346"])


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([*OURS, ("Body", "")], id="blank fields count"),
        pytest.param([*OURS, ("Body", "שלום 😀 + & = %")], id="Hebrew, an emoji and the separators"),
        pytest.param([*OURS, ("a", "2"), ("a", "1"), ("a", "2")], id="a value twice counts once"),
        pytest.param([*OURS, ("b", "1"), ("B", "2")], id="names are sorted by case"),
        pytest.param([*OURS, ("a", "1"), ("ab", ""), ("b", "")], id="names that run into each other"),
    ],
)
def test_a_form_twilio_signed_is_accepted(pairs):
    ADAPTER.verify(request_of(pairs))


@pytest.mark.parametrize(
    "fields",
    [{"Body": ""}, {"Body": "שלום"}, {"Body": "a b+c%20d&e=f"}, {"Z": "1", "a": "2"}],
)
def test_the_official_validator_agrees(fields):
    fields = dict(OURS) | fields
    target = "/webhooks/twilio/message?x=%2B%7E%2C"
    signature = RequestValidator("canary-auth-token").compute_signature(PUBLIC_URL + target, fields)
    request = request_of(list(fields.items()), target)
    assert request.headers["x-twilio-signature"] == signature
    ADAPTER.verify(request)


@pytest.mark.parametrize(
    ("public_url", "signed_origin"),
    [
        pytest.param("https://x.example", "https://x.example:443", id="signed with the port"),
        pytest.param("https://x.example:443", "https://x.example", id="signed without the port"),
        pytest.param("https://x.example:8443", "https://x.example:8443", id="an odd port, signed with it"),
        pytest.param("https://x.example:8443", "https://x.example", id="an odd port, signed without it"),
        pytest.param("http://x.example", "http://x.example:80", id="plain HTTP"),
        pytest.param("http://[::1]:8080", "http://[::1]:8080", id="an IPv6 host"),
        pytest.param("http://[::1]:8080", "http://[::1]", id="an IPv6 host, signed without the port"),
        pytest.param("https://x.example/behind/a/path", "https://x.example", id="the path comes from the request"),
    ],
)
def test_the_url_may_be_signed_with_or_without_its_port(public_url, signed_origin):
    TwilioAdapter(twilio_account(), public_url=public_url).verify(request_of(OURS, origin=signed_origin))


def test_another_host_is_not_ours():
    with pytest.raises(Forged):
        ADAPTER.verify(request_of(OURS, origin="https://gateway.example.evil"))


def test_the_older_token_is_accepted_while_rotating():
    pairs = [*OURS, ("Body", "x")]
    signature = twilio_signature(PUBLIC_URL + "/w", pairs, token="canary-old-token")
    ADAPTER.verify(request_of(pairs, "/w", **{"x-twilio-signature": signature}))


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=5), st.booleans())
def test_a_url_is_verified_as_it_was_written(parts, is_lower):
    encoded = [quote_from_bytes(part, safe="~,+") for part in parts]
    target = "/webhooks/twilio/message?" + "&".join(f"k={part.lower() if is_lower else part}" for part in encoded)
    ADAPTER.verify(request_of(OURS, target))


@pytest.mark.parametrize(
    "target",
    [f"/w?a={code}" for code in ("%7E", "~", "%2C", ",", "%2B", "+", "%20", "%D7%A9", "%d7%a9", "%", "%zz", "?", "")],
)
def test_odd_encodings_in_the_url_are_left_alone(target):
    ADAPTER.verify(request_of(OURS, target))


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=8))
def test_any_form_that_is_signed_is_accepted(pairs):
    pairs = [(name, value) for name, value in pairs if _encodes(name) and _encodes(value)]
    known = {name for name, _ in OURS}
    ADAPTER.verify(request_of([*OURS, *[(name, value) for name, value in pairs if name not in known]]))


def _encodes(text):
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def json_request(body, query=None, **headers):
    digest = hashlib.sha256(body).hexdigest()
    target = "/webhooks/twilio/message?" + (query if query is not None else f"bodySHA256={digest}")
    signature = twilio_signature(PUBLIC_URL + target, [])
    all_headers = {"content-type": "application/json; charset=utf-8", "x-twilio-signature": signature} | headers
    return Request(method="POST", target=target, headers=all_headers, body=body, received_at=now())


JSON_BODY = b'{"AccountSid": "%s", "To": "%s", "From": "+972501234567", "MessageSid": "SM9", "Body": "hi"}' % (
    SID.encode(),
    NUMBER.encode(),
)


def test_json_is_accepted_by_the_hash_of_its_raw_bytes():
    request = json_request(JSON_BODY)
    [event] = ADAPTER.parse(ADAPTER.verify(request))
    assert event.text == "hi"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(json_request(JSON_BODY, ""), id="JSON with no hash at all"),
        pytest.param(
            json_request(JSON_BODY, "bodySHA256=" + hashlib.sha256(b"{}").hexdigest()), id="the hash of another body"
        ),
        pytest.param(json_request(JSON_BODY, "bodySHA256="), id="an empty hash"),
        pytest.param(json_request(b"[" * 5000), id="JSON of nothing but brackets"),
        pytest.param(json_request(b'{"AccountSid": "AC' + b"d" * 32 + b'"}'), id="JSON for another account"),
        pytest.param(request_of(OURS, **{"x-twilio-signature": ""}), id="an empty signature"),
        pytest.param(request_of(OURS, **{"x-twilio-signature": "חתימה"}), id="a signature that is not ASCII"),
        pytest.param(request_of(OURS, **{"x-twilio-signature": "\udcff"}), id="a signature of raw bytes"),
        pytest.param(request_of(OURS, **{"x-twilio-signature": b"bytes"}), id="a signature that is bytes"),
        pytest.param(twilio_request(b"", headers={}), id="no signature"),
        pytest.param(structs.replace(request_of(OURS), body="text, not bytes"), id="a body that is text"),
        pytest.param(twilio_request(b"\xff\xfe\x00"), id="a body that is no form"),
        pytest.param(request_of([("AccountSid", "AC" + "d" * 32), *OURS[1:]]), id="well signed, for another account"),
        pytest.param(request_of([OURS[0], ("To", "+15005550009"), *OURS[2:]]), id="well signed, for another number"),
        pytest.param(request_of(OURS[1:]), id="well signed, for no account"),
        pytest.param(
            request_of(
                [("AccountSid", SID), ("MessageSid", "SM1"), ("MessageStatus", "sent"), ("From", "+15005550009")]
            ),
            id="the status of a number that is not ours",
        ),
        pytest.param(
            request_of([("AccountSid", SID), ("MessageSid", "SM1"), ("To", ""), ("From", "")]), id="a message to nobody"
        ),
    ],
)
def test_anything_else_is_forged_and_never_an_error(request_):
    with pytest.raises(Forged) as caught:
        ADAPTER.verify(request_)
    assert_no_secret(str(caught.value))


def test_a_request_cannot_choose_the_algorithm():
    url = PUBLIC_URL + "/webhooks/twilio/message"
    for algorithm in ("HMAC_SHA256", "HMAC_MD5", "none", ""):
        settings = {"x-twilio-webhooks-signature-settings": f"key=k,algorithm={algorithm}"}
        signature = RequestValidator("canary-auth-token").compute_signature(url, dict(OURS), "HMAC_SHA256")
        with pytest.raises(Forged):
            ADAPTER.verify(request_of(OURS, **settings, **{"x-twilio-signature": signature}))


def test_without_a_token_nothing_is_accepted():
    for tokens in ((), ("",)):
        adapter = TwilioAdapter(replace(twilio_account(), auth_tokens=tokens), public_url=PUBLIC_URL)
        signature = twilio_signature(PUBLIC_URL + "/w", OURS, token="")
        with pytest.raises(Forged):
            adapter.verify(request_of(OURS, "/w", **{"x-twilio-signature": signature}))


def test_bytes_that_are_not_utf8_are_signed_as_they_are():
    body = urlencode(OURS).encode() + b"&Body=%FF%FE"
    ADAPTER.verify(twilio_request(body))
    with pytest.raises(Forged):
        ADAPTER.verify(structs.replace(twilio_request(body), body=body.replace(b"%FF", b"%FD")))


def test_a_message_to_our_messaging_service_is_ours():
    ADAPTER.verify(request_of([OURS[0], ("To", "+15005550009"), ("MessagingServiceSid", SERVICE), *OURS[2:]]))


def test_no_mutation_of_a_signed_request_is_accepted():
    body = (PAYLOADS / "twilio" / "sms_hebrew.form").read_bytes()
    whole = twilio_request(body, "/webhooks/twilio/message?a=%7Eb&c=")
    ADAPTER.verify(whole)
    chance = random.Random(7)
    accepted = [mutant for mutant in (_mutated(whole, chance) for _ in range(2000)) if _passes(mutant)]
    assert accepted == []


def _mutated(whole, chance):
    parts = {
        "target": whole.target.encode(),
        "body": whole.body,
        "signature": whole.headers["x-twilio-signature"].encode(),
    }
    name = chance.choice(list(parts))
    original = parts[name]
    while parts[name] == original or (name == "body" and _same_form(parts[name], original)):
        at = chance.randrange(len(original))
        change = bytes([chance.randrange(33, 127)])
        parts[name] = chance.choice(
            [
                original[:at] + change + original[at + 1 :],
                original[:at] + original[at + 1 :],
                original[:at] + change + original[at:],
            ]
        )
    headers = dict(whole.headers) | {"x-twilio-signature": parts["signature"].decode()}
    return Request(
        method="POST", target=parts["target"].decode(), headers=headers, body=parts["body"], received_at=now()
    )


def _same_form(one, other):
    return signed_text(pairs(one)) == signed_text(pairs(other))


def _passes(request):
    try:
        ADAPTER.verify(request)
    except Forged:
        return False
    return True


def test_origins_are_listed_once():
    assert origins("https://x.example") == ("https://x.example", "https://x.example:443")
