"""Each row: a payload, what it must become, and the trap it holds. Both channels' rows run through one harness."""

from urllib.parse import urlencode

import pytest
from channel_kit import PAYLOADS, PUBLIC_URL, differences, run_case, twilio_account, twilio_request

from channels.twilio import TwilioAdapter
from gateway.domain.messages import ConsentWish, MessageKind
from gateway.domain.outbox import Status
from gateway.domain.people import tel, wa

SMS, WHATSAPP = "twilio:sms:+15005550006", "twilio:whatsapp:+15005550006"
PHONE, USER = tel("+972501234567"), wa("US.13491208655302741918")


@pytest.fixture
def adapter():
    return TwilioAdapter(twilio_account(), public_url=PUBLIC_URL)


def message(**expected):
    return {"type": "InboundMessage", "endpoint": SMS, "sender.address": PHONE, "provider_answered": False} | expected


def on_whatsapp(**expected):
    return message(endpoint=WHATSAPP, **expected)


def status(became, **expected):
    return {
        "type": "StatusUpdate",
        "endpoint": SMS,
        "status": became,
        "recipient": PHONE,
        "delivery_id": 4711,
    } | expected


MESSAGES = [
    pytest.param(
        "sms_hebrew", [message(text="שלום, איך מאפסים סיסמה?", to="+15005550006", kind=MessageKind.TEXT)], id="plain"
    ),
    pytest.param("sms_empty", [message(text="", kind=MessageKind.TEXT)], id="an empty body is a message"),
    pytest.param("sms_two_files", [message(kind=MessageKind.IMAGE, text="ראו")], id="the first file names the kind"),
    pytest.param("sms_base64", [message(text="שלום, אני צריך עזרה")], id="a body in base64 is read"),
    pytest.param(
        "sms_not_base64", [message(text="ABCDEFGHIJKLMNOPQRSTUVWXYZ123456")], id="letters that only look like base64"
    ),
    pytest.param("sms_nul", [message(text="ab")], id="NUL is not shown"),
    pytest.param(
        "sms_stop_advanced",
        [
            message(text="די", provider_answered=True),
            {"type": "ConsentSignal", "wish": ConsentWish.STOP, "sender.address": PHONE},
        ],
        id="a word of Advanced Opt-Out in Hebrew",
    ),
    pytest.param("sms_stop_plain", [message(provider_answered=True)], id="STOP is answered by Twilio itself"),
    pytest.param("sms_help_plain", [message(provider_answered=False)], id="HELP is ours unless Twilio says so"),
    pytest.param(
        "sms_start",
        [message(provider_answered=True), {"type": "ConsentSignal", "wish": ConsentWish.START}],
        id="START is a consent signal too",
    ),
    pytest.param("sms_help_advanced", [message(provider_answered=True)], id="HELP that Twilio answered"),
    pytest.param("sms_service", [message(to="+15005550001")], id="a number of our messaging service, not listed"),
    pytest.param(
        "sms_short_code", [message(**{"sender.address": tel("54321")})], id="a short code is no E.164 and is kept"
    ),
    pytest.param("sms_named_sender", [message(**{"sender.address": tel("POST")})], id="a named sender is kept"),
    pytest.param("wa_text", [on_whatsapp(text="hello", **{"sender.name": "דנה"})], id="WhatsApp with its name"),
    pytest.param("wa_no_prefix", [on_whatsapp(text="hello")], id="WhatsApp without its prefix"),
    pytest.param("wa_user_id_only", [on_whatsapp(**{"sender.address": USER})], id="a sender with no phone"),
    pytest.param(
        "wa_phone_and_user_id", [on_whatsapp(**{"sender.also": (wa("US.1349"),)})], id="a phone and a user id"
    ),
    pytest.param(
        "wa_location", [on_whatsapp(kind=MessageKind.LOCATION, text="הבימה\nTel Aviv\n32.08,34.78")], id="a place"
    ),
    pytest.param(
        "wa_button",
        [
            on_whatsapp(
                kind=MessageKind.CHOICE, text="כן", choice="yes-1", **{"context.provider_ids": ("SM" + f"{99:032x}",)}
            )
        ],
        id="a button names its message",
    ),
    pytest.param(
        "wa_list",
        [on_whatsapp(kind=MessageKind.CHOICE, text="Billing", choice="row-2")],
        id="a list row without a body",
    ),
    pytest.param(
        "wa_reply", [on_whatsapp(**{"context.provider_ids": ("SM" + f"{98:032x}",)})], id="a reply in context"
    ),
    pytest.param("wa_referral", [on_whatsapp(text="from the ad")], id="from an advertisement"),
    pytest.param("wa_voice", [on_whatsapp(kind=MessageKind.AUDIO, text="")], id="a voice message"),
    pytest.param("wa_vcard", [on_whatsapp(kind=MessageKind.CONTACTS)], id="a contact card"),
    pytest.param("wa_stop", [on_whatsapp(provider_answered=False)], id="Twilio does not answer STOP on WhatsApp"),
    pytest.param("wa_flow", [on_whatsapp(kind=MessageKind.FORM, text="day: Sunday\nhour: 9")], id="a form's answers"),
]

STATUSES = [
    pytest.param("status_delivered", status(Status.DELIVERED, error_code=None, reason=None), id="delivered"),
    pytest.param(
        "status_unreachable", status(Status.FAILED, error_code="30005", unreachable=True), id="30005 is nobody there"
    ),
    pytest.param("status_opted_out", status(Status.FAILED, opted_out=True), id="21610 is an opt-out"),
    pytest.param(
        "status_window", status(Status.FAILED, endpoint=WHATSAPP, unreachable=False), id="63016 is the window"
    ),
    pytest.param("status_read", status(Status.READ, endpoint=WHATSAPP), id="read, on WhatsApp without its prefix"),
    pytest.param(
        "status_unknown_code", status(Status.FAILED, reason="The provider refused it: Something new"), id="a new code"
    ),
    pytest.param("status_legacy", status(Status.SENT), id="only SmsStatus"),
    pytest.param("status_service", status(Status.SENT), id="a messaging service before it chose a number"),
]


@pytest.mark.parametrize(("name", "expected"), MESSAGES)
def test_a_message_becomes_our_event(name, expected, adapter, caplog):
    request = twilio_request((PAYLOADS / "twilio" / f"{name}.form").read_bytes())
    events = run_case(adapter, request, caplog)
    assert [differences(event, wanted) for event, wanted in zip(events, expected, strict=True)] == [{}] * len(expected)


@pytest.mark.parametrize(("name", "expected"), STATUSES)
def test_a_status_becomes_our_event(name, expected, adapter, caplog):
    body = (PAYLOADS / "twilio" / f"{name}.form").read_bytes()
    [event] = run_case(adapter, twilio_request(body, "/webhooks/twilio/status?delivery=4711"), caplog)
    assert differences(event, expected) == {}
    assert event.status is not Status.FAILED or event.reason


def test_a_status_nobody_knows_is_kept_whole(adapter, caplog):
    body = (PAYLOADS / "twilio" / "status_unknown_word.form").read_bytes()
    [event] = run_case(adapter, twilio_request(body, "/webhooks/twilio/status?delivery=4711"), caplog)
    assert type(event).__name__ == "UnknownEvent"
    assert "teleported" in event.reason
    assert event.raw["MessageStatus"] == "teleported"


def test_every_file_is_listed_with_its_type(adapter):
    [event] = adapter.parse(adapter.unpack(twilio_request((PAYLOADS / "twilio" / "sms_two_files.form").read_bytes())))
    assert [each.media_type for each in event.attachments] == ["image/jpeg", "application/pdf"]
    assert all(each.url.startswith("https://api.twilio.com/") for each in event.attachments)


def test_what_was_cleaned_is_kept_raw_and_can_be_stored(adapter):
    [event] = adapter.parse(adapter.unpack(twilio_request((PAYLOADS / "twilio" / "sms_nul.form").read_bytes())))
    assert event.raw["Body"] == "a\\u0000b"
    [event] = adapter.parse(adapter.unpack(twilio_request((PAYLOADS / "twilio" / "sms_base64.form").read_bytes())))
    assert event.raw["Body"].startswith("16nX")


def test_fields_not_modelled_stay_on_the_event(adapter):
    [event] = adapter.parse(adapter.unpack(twilio_request((PAYLOADS / "twilio" / "wa_referral.form").read_bytes())))
    assert event.raw["ReferralCtwaClid"] == "x"


def test_a_megabyte_of_text_is_read_whole(adapter):
    text = "א" * 500_000
    fields = {
        "MessageSid": "SM1",
        "AccountSid": twilio_account().sid,
        "From": "+972501234567",
        "To": "+15005550006",
        "Body": text,
    }
    request = twilio_request(urlencode(fields).encode())
    [event] = adapter.parse(adapter.verify(request))
    assert event.text == text


@pytest.mark.parametrize(
    ("query", "delivery"),
    [
        ("delivery=7", 7),
        ("a=b&delivery=7", 7),
        ("delivery=", None),
        ("delivery=x", None),
        ("delivery=-1", None),
        ("delivery=0", None),
        ("delivery=" + "9" * 30, None),
        ("delivery=٧", None),
        ("", None),
        ("xdelivery=7", None),
    ],
)
def test_our_own_id_comes_back_in_the_callback(query, delivery, adapter):
    body = (PAYLOADS / "twilio" / "status_delivered.form").read_bytes()
    [event] = adapter.parse(adapter.unpack(twilio_request(body, f"/webhooks/twilio/status?{query}")))
    assert event.delivery_id == delivery


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&",
        b"=",
        b"\xff\xfe",
        b"MessageSid=",
        b"MessageSid=SM1",
        b"MessageSid=SM1&From=%00",
        b"%zz=%zz&MessageSid=%",
        b"MessageSid=SM1&From=%ED%A0%80&Body=%ED%A0%80",
        b"MessageSid=SM1&MessageStatus=%00&ErrorCode=" + b"9" * 9999,
    ],
)
def test_nothing_makes_parsing_fail(body, adapter):
    assert adapter.parse(adapter.unpack(twilio_request(body)))
    assert adapter.parse(adapter.unpack(twilio_request(body, headers={"content-type": "application/json"})))
