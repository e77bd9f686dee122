import base64
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl

import aiohttp
import orjson
import pytest
from channel_kit import (
    CUSTOMER,
    NUMBER,
    PUBLIC_URL,
    SERVICE,
    SID,
    assert_no_secret,
    outgoing,
    tiny_provider,
    twilio_account,
)

from channels import errors, wire
from channels.contract import Searchable
from channels.twilio import TwilioAdapter
from channels.twilio.codes import ERRORS, STATUSES
from gateway.domain.channel import Channel
from gateway.domain.outbox import Choice, MediaLink, ProviderTemplate, Status, advance, rank
from gateway.domain.people import mailto, wa

CREATED = {"sid": "SM" + "1" * 32, "status": "queued"}
PATH = f"/2010-04-01/Accounts/{SID}/Messages.json"
CALLBACK = f"{PUBLIC_URL}/webhooks/twilio/status?delivery=4711"
YES_NO = (Choice(key="y", label="כן"), Choice(key="n", label="לא"))
PICTURE = MediaLink(url="https://files.example/a.jpg", media_type="image/jpeg")


@pytest.fixture
async def provider():
    async with tiny_provider() as provider:
        yield provider


@pytest.fixture
async def adapter(provider):
    adapter = TwilioAdapter(twilio_account(provider.url), public_url=PUBLIC_URL)
    yield adapter
    await adapter.close()


def form(heard):
    return parse_qsl(heard.body.decode(), keep_blank_values=True)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        pytest.param(
            {}, {"From": NUMBER, "To": CUSTOMER.value, "Body": "שלום", "StatusCallback": CALLBACK}, id="a text"
        ),
        pytest.param(
            {"choices": YES_NO, "text": "בסדר?"}, {"Body": "בסדר?\n1. כן\n2. לא"}, id="choices as numbered lines"
        ),
        pytest.param(
            {"endpoint_address": SERVICE}, {"MessagingServiceSid": SERVICE, "From": None}, id="a messaging service"
        ),
        pytest.param({"media": (PICTURE,)}, {"MediaUrl": PICTURE.url}, id="a file"),
        pytest.param(
            {"channel": Channel.WHATSAPP},
            {"From": f"whatsapp:{NUMBER}", "To": f"whatsapp:{CUSTOMER.value}"},
            id="on WhatsApp",
        ),
        pytest.param(
            {"channel": Channel.WHATSAPP, "to": wa("US.1349")}, {"To": "whatsapp:US.1349"}, id="a user without a phone"
        ),
        pytest.param(
            {"channel": Channel.WHATSAPP, "media": (PICTURE, PICTURE)},
            {"MediaUrl": PICTURE.url, "Body": f"שלום\n{PICTURE.url}"},
            id="WhatsApp takes one file, the other goes as a link",
        ),
        pytest.param(
            {"template": ProviderTemplate(name="HX1", values={"text": "b", "name": "a"})},
            {"ContentSid": "HX1", "ContentVariables": '{"1":"a","2":"b"}', "Body": None},
            id="a template we know the order of",
        ),
        pytest.param(
            {"template": ProviderTemplate(name="HX2", values={"1": "a"})},
            {"ContentSid": "HX2", "ContentVariables": '{"1":"a"}', "Body": None},
            id="a template with numbered values",
        ),
        pytest.param({"status_callback_url": ""}, {"StatusCallback": None}, id="no callback wanted"),
        pytest.param(
            {"status_callback_url": f"{PUBLIC_URL}/s?a=b#rc=5"},
            {"StatusCallback": f"{PUBLIC_URL}/s?a=b&delivery=4711#rc=5"},
            id="our id goes before the fragment",
        ),
    ],
)
async def test_a_delivery_becomes_a_message_request(changes, fields, adapter, provider):
    provider.will_answer(201, CREATED)
    receipt = await adapter.send(outgoing(**changes))
    assert (receipt.provider_id, receipt.status) == (CREATED["sid"], Status.SENT)
    [heard] = provider.heard
    sent = dict(form(heard))
    assert (heard.method, heard.path) == ("POST", PATH)
    assert {name: sent.get(name) for name in fields} == fields


async def test_a_redirect_is_never_followed_with_our_password(adapter, provider):
    provider.will_answer(307, {}, {"Location": "/elsewhere"})
    with pytest.raises(errors.Rejected):
        await adapter.send(outgoing())
    assert len(provider.heard) == 1


async def test_several_files_are_several_fields(adapter, provider):
    provider.will_answer(201, CREATED)
    await adapter.send(outgoing(media=(PICTURE, PICTURE)))
    assert [value for name, value in form(provider.heard[0]) if name == "MediaUrl"] == [PICTURE.url] * 2


async def test_the_first_token_signs_us_in_and_no_log_shows_it(adapter, provider, caplog):
    caplog.set_level(logging.DEBUG)
    provider.will_answer(201, CREATED)
    await adapter.send(outgoing(text="סוד"))
    login = base64.b64decode(provider.heard[0].headers["Authorization"].removeprefix("Basic ")).decode()
    assert login == f"{SID}:canary-auth-token"
    assert_no_secret(caplog.text)
    assert "סוד" not in caplog.text
    assert CUSTOMER.value not in caplog.text


async def test_the_environment_cannot_move_us_to_another_account(provider, monkeypatch):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "ACother")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    adapter = TwilioAdapter(twilio_account(provider.url), public_url=PUBLIC_URL)
    provider.will_answer(201, CREATED)
    await adapter.send(outgoing())
    await adapter.close()
    assert provider.heard[0].path == PATH


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(20429, errors.Throttled, id="20429 is too many requests"),
        pytest.param(21610, errors.OptedOut, id="21610 opted out"),
        pytest.param(63033, errors.OptedOut, id="63033 blocked us"),
        pytest.param(63016, errors.WindowClosed, id="63016 is outside the window"),
        pytest.param(21211, errors.BadAddress, id="21211 is no number"),
        pytest.param(21614, errors.BadAddress, id="21614 is a landline"),
        pytest.param(30003, errors.Undeliverable, id="30003 is unreachable now, not for ever"),
        pytest.param(30005, errors.BadAddress, id="30005 is nobody there"),
        pytest.param(30008, errors.Unavailable, id="30008 is worth another try"),
        pytest.param(63013, errors.TemplateRefused, id="63013 breaks the rules"),
        pytest.param(21656, errors.TemplateRefused, id="21656 is a wrong template value"),
        pytest.param(20003, errors.AccountBlocked, id="20003 is our password"),
        pytest.param(21617, errors.Rejected, id="21617 is too long"),
    ],
)
async def test_a_refusal_is_told_by_its_code(code, kind, adapter, provider):
    provider.will_answer(400, {"code": code, "message": "their words", "status": 400})
    with pytest.raises(kind) as caught:
        await adapter.send(outgoing())
    assert caught.value.code == str(code)
    assert caught.value.reason == ERRORS[code].reason
    assert_no_secret(str(caught.value))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(429, {}, errors.Throttled, id="429"),
        pytest.param(500, {}, errors.Unavailable, id="500"),
        pytest.param(503, "no object", errors.Unavailable, id="503 with odd JSON"),
        pytest.param(401, {}, errors.AccountBlocked, id="401"),
        pytest.param(400, {"code": 12345678901234567890, "message": "new"}, errors.Rejected, id="a code nobody knows"),
        pytest.param(201, {}, errors.Uncertain, id="created, but without a sid"),
        pytest.param(201, "no object", errors.Uncertain, id="created, but unreadable"),
    ],
)
async def test_without_a_known_code_the_status_decides(status, body, kind, adapter, provider):
    provider.will_answer(status, body)
    with pytest.raises(kind):
        await adapter.send(outgoing())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [pytest.param("7", 7, id="seconds"), pytest.param("soon", None, id="nonsense"), pytest.param("", None, id="empty")],
)
async def test_retry_after_is_honoured(header, seconds, adapter, provider):
    provider.will_answer(429, {"code": 20429}, {"Retry-After": header})
    with pytest.raises(errors.Throttled) as caught:
        await adapter.send(outgoing())
    assert caught.value.retry_after_seconds == seconds


def test_retry_after_may_be_a_date():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    header = {"Retry-After": format_datetime(at + timedelta(seconds=90))}
    assert wire.retry_after(header, at) == 90
    assert wire.retry_after(header, at + timedelta(hours=1)) == 0


async def test_a_lost_connection_leaves_us_uncertain(adapter, provider):
    provider.will_drop()
    with pytest.raises(errors.Uncertain):
        await adapter.send(outgoing())


async def test_a_hang_leaves_us_uncertain(adapter, provider, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT", aiohttp.ClientTimeout(total=0.3, connect=0.2))
    provider.will_hang()
    with pytest.raises(errors.Uncertain):
        await adapter.send(outgoing())


async def test_no_connection_at_all_can_safely_be_tried_again():
    adapter = TwilioAdapter(twilio_account("http://127.0.0.1:1"), public_url=PUBLIC_URL)
    with pytest.raises(errors.Unavailable):
        await adapter.send(outgoing())
    await adapter.close()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"text": "א" * 1601}, id="longer than Twilio takes"),
        pytest.param({"text": "א" * 1595, "choices": YES_NO}, id="longer with its choices"),
        pytest.param({"to": mailto("dana@example.com")}, id="a mailbox"),
        pytest.param({"to": wa("US.1349")}, id="a WhatsApp user by SMS"),
    ],
)
async def test_what_cannot_go_is_rejected_before_asking(changes, adapter, provider):
    with pytest.raises(errors.Rejected):
        await adapter.send(outgoing(**changes))
    assert provider.heard == []


def listed(body="שלום", minutes_ago=0, direction="outbound-api", sid="SM" + "7" * 32):
    created = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return {"sid": sid, "body": body, "direction": direction, "date_created": format_datetime(created)}


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        pytest.param([listed()], "SM" + "7" * 32, id="it is there"),
        pytest.param([], None, id="nothing is there"),
        pytest.param([listed(minutes_ago=30)], None, id="an older one with the same words"),
        pytest.param([listed(body="אחר")], None, id="another message"),
        pytest.param([listed(direction="inbound")], None, id="the customer's own words"),
        pytest.param([listed() | {"date_created": "who knows"}], "SM" + "7" * 32, id="a date that cannot be read"),
    ],
)
async def test_a_message_is_looked_up_by_its_words(messages, found, adapter, provider):
    provider.will_answer(200, {"messages": messages, "next_page_uri": None})
    receipt = await adapter.look_up(outgoing(), since=datetime.now(UTC) - timedelta(minutes=5))
    assert (receipt and receipt.provider_id) == found
    assert provider.heard[0].path.startswith(f"{PATH}?To=%2B972501234567&From=%2B15005550006")
    assert isinstance(adapter, Searchable)


async def test_a_template_that_cannot_be_told_apart_proves_nothing(adapter, provider):
    provider.will_answer(200, {"messages": [listed(body="rendered")], "next_page_uri": None})
    template = ProviderTemplate(name="HX1", values={"name": "a", "text": "b"})
    with pytest.raises(errors.Uncertain):
        await adapter.look_up(outgoing(template=template), since=datetime.now(UTC) - timedelta(minutes=5))


async def test_a_look_up_that_fails_proves_nothing(adapter, provider):
    provider.will_answer(500)
    with pytest.raises(errors.SendError):
        await adapter.look_up(outgoing(), since=datetime.now(UTC))


@pytest.mark.parametrize(("code", "failure"), ERRORS.items())
def test_every_code_has_a_sentence_and_a_kind(code, failure):
    assert failure.reason.endswith(".")
    assert issubclass(failure.kind, errors.SendError)
    assert orjson.dumps(failure.error(str(code)).reason)


def test_statuses_keep_twilios_order():
    words = ["accepted", "queued", "sending", "sent", "delivered", "read"]
    ranks = [rank(STATUSES[word]) for word in words]
    assert ranks == sorted(ranks)
    for failed in ("failed", "undelivered", "canceled"):
        assert advance(STATUSES[failed], STATUSES["sent"]) is Status.FAILED
        assert advance(STATUSES[failed], STATUSES["delivered"]) is Status.DELIVERED
