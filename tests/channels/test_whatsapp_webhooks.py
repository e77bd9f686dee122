"""Each row: a payload, what it must become, and the trap it holds. Both channels' rows run through one harness."""

import json
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from channel_kit import PAYLOADS, PHONE_ID, differences, run_case, whatsapp_account, whatsapp_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.whatsapp import WhatsAppAdapter
from gateway.domain.messages import ConsentWish, Event, MessageKind
from gateway.domain.outbox import Status
from gateway.domain.people import tel, wa

ENDPOINT = f"whatsapp_cloud:whatsapp:{PHONE_ID}"
PHONE = tel("+972501234567")
ADAPTER = WhatsAppAdapter(whatsapp_account())
SHARED = Path(__file__).parents[3] / "shared" / "data" / "whatsapp" / "webhook_examples.json"


def message(**expected):
    return {"type": "InboundMessage", "endpoint": ENDPOINT, "sender.address": PHONE, "sender.name": "דנה"} | expected


def status(became, **expected):
    known = {"type": "StatusUpdate", "endpoint": ENDPOINT, "status": became, "recipient": PHONE, "delivery_id": 4711}
    return known | expected


def reaction(emoji):
    return message(kind=MessageKind.REACTION, text=emoji, target_provider_id="wamid.ours")


def choice(key, title):
    return message(kind=MessageKind.CHOICE, choice=key, text=title, **{"context.provider_ids": ("wamid.ours",)})


STOPPED = {"type": "ConsentSignal", "wish": ConsentWish.STOP_MARKETING, "sender.address": PHONE}
UNKNOWN = {"type": "UnknownEvent", "endpoint": ENDPOINT}

CASES = [
    pytest.param("text", [message(text="שלום 👋", kind=MessageKind.TEXT, to="15550783881")], id="plain"),
    pytest.param("text_nul", [message(text="ab\ufffd")], id="NUL and half an emoji"),
    pytest.param("image", [message(kind=MessageKind.IMAGE, text="ראו")], id="a picture and its caption"),
    pytest.param("voice", [message(kind=MessageKind.AUDIO, text="")], id="a voice message"),
    pytest.param("document", [message(kind=MessageKind.DOCUMENT)], id="a document"),
    pytest.param("sticker", [message(kind=MessageKind.STICKER)], id="a sticker"),
    pytest.param("location", [message(kind=MessageKind.LOCATION, text="הבימה\n32.08,34.78")], id="a place"),
    pytest.param(
        "contacts",
        [message(kind=MessageKind.CONTACTS, text="Lucía Gómez, +1 (983) 555-2319, l@example.com\nB")],
        id="two contact cards",
    ),
    pytest.param("reaction", [reaction("👍")], id="a reaction names its message"),
    pytest.param("reaction_removed", [reaction("")], id="a reaction taken back, emoji absent"),
    pytest.param("reaction_blank", [reaction("")], id="a reaction taken back, emoji blank"),
    pytest.param("button", [choice("yes-1", "כן")], id="a template's button"),
    pytest.param("button_reply", [choice("b1", "Cancel")], id="a button of ours"),
    pytest.param("list_reply", [choice("r1", "Billing")], id="a list row of ours"),
    pytest.param(
        "form", [message(kind=MessageKind.FORM, text="day: Sunday\nhours: 9, 10")], id="a form without its token"
    ),
    pytest.param("form_broken", [message(kind=MessageKind.FORM, text="Sent")], id="a form that is no JSON"),
    pytest.param("interactive_new", [message(kind=MessageKind.UNSUPPORTED)], id="an interactive type nobody knows"),
    pytest.param("order", [message(kind=MessageKind.ORDER, text="please\n2 x sku1")], id="an order"),
    pytest.param("unsupported", [message(kind=MessageKind.UNSUPPORTED)], id="what WhatsApp itself cannot pass on"),
    pytest.param("hologram", [message(kind=MessageKind.UNSUPPORTED)], id="a message type nobody knows"),
    pytest.param(
        "edited",
        [message(kind=MessageKind.EDITED, text="תיקון", target_provider_id="wamid.theirs")],
        id="an edited message",
    ),
    pytest.param(
        "deleted",
        [message(kind=MessageKind.DELETED, text="", target_provider_id="wamid.theirs")],
        id="a deleted message",
    ),
    pytest.param(
        "number_change",
        [{"type": "NumberChange", "old": PHONE, "new": tel("+972507654321")}],
        id="a person changed numbers",
    ),
    pytest.param(
        "user_id_change",
        [{"type": "NumberChange", "old": wa("US.1"), "new": wa("US.2")}],
        id="a person got another user id",
    ),
    pytest.param(
        "identity_change", [message(kind=MessageKind.SYSTEM, text="Dana changed phones")], id="a new phone, same number"
    ),
    pytest.param("referral", [message(text="from the ad")], id="from an advertisement"),
    pytest.param("forwarded", [message(**{"context.provider_ids": ()})], id="forwarded answers nothing"),
    pytest.param(
        "user_id_only",
        [message(**{"sender.address": wa("US.1349"), "sender.name": "Sam"})],
        id="a sender with no phone",
    ),
    pytest.param(
        "phone_and_user_id",
        [message(**{"sender.name": "Sam", "sender.also": (wa("IL.77"),)})],
        id="a phone and a user id",
    ),
    pytest.param(
        "milliseconds", [message(occurred_at=datetime(2025, 6, 8, 20, 59, 43, 123000, tzinfo=UTC))], id="milliseconds"
    ),
    pytest.param(
        "brazil",
        [message(**{"sender.address": tel("+5511987654321"), "sender.name": "Rui"})],
        id="a card with the number's other form",
    ),
    pytest.param(
        "batch",
        [
            message(text="1"),
            message(text="2"),
            status(Status.SENT, delivery_id=None),
            status(Status.DELIVERED, delivery_id=None),
            message(text="3"),
            status(Status.READ, delivery_id=None),
            UNKNOWN,
        ],
        id="every entry, change, message and status of a batch",
    ),
    pytest.param("status_delivered", [status(Status.DELIVERED, reason=None)], id="delivered, with its price"),
    pytest.param("status_read", [status(Status.READ)], id="read"),
    pytest.param("status_played", [status(Status.READ)], id="a voice message was played"),
    pytest.param(
        "status_window", [status(Status.FAILED, error_code="131047", unreachable=False)], id="131047 is the window"
    ),
    pytest.param("status_unreachable", [status(Status.FAILED, unreachable=True)], id="131026 is nobody there"),
    pytest.param(
        "status_marketing_stopped",
        [status(Status.FAILED, opted_out=False), STOPPED],
        id="131050 stops marketing only, answers still go",
    ),
    pytest.param(
        "status_new_code",
        [status(Status.FAILED, reason="The provider refused it: Something new")],
        id="a code nobody knows",
    ),
    pytest.param("status_user_id", [status(Status.SENT, recipient=wa("US.1349"), delivery_id=None)], id="to a user id"),
    pytest.param("status_deleted", [UNKNOWN], id="a status nobody knows"),
    pytest.param("marketing_stop", [STOPPED], id="marketing stopped in the app"),
    pytest.param(
        "marketing_resume",
        [{"type": "ConsentSignal", "wish": ConsentWish.START_MARKETING, "sender.address": wa("US.1349")}],
        id="marketing wanted again, by a user with no phone",
    ),
    pytest.param("value_error", [UNKNOWN | {"reason": "WhatsApp reports a problem: Try later"}], id="an error for us"),
    pytest.param(
        "account_update",
        [UNKNOWN | {"reason": "WhatsApp sent account_update, which is not handled here"}],
        id="other fields",
    ),
    pytest.param("two_cards", [message(text="hi")], id="the name is that of the sender's own card"),
    pytest.param("standby", [UNKNOWN], id="what another app answers is not ours to answer"),
    pytest.param("echo", [UNKNOWN], id="our own words from the app are no inbound message"),
]


def load(name):
    return (PAYLOADS / "whatsapp" / f"{name}.json").read_bytes()


@pytest.mark.parametrize(("name", "expected"), CASES)
def test_a_webhook_becomes_our_events(name, expected, caplog):
    events = run_case(ADAPTER, whatsapp_request(load(name)), caplog)
    assert [differences(event, wanted) for event, wanted in zip(events, expected, strict=True)] == [{}] * len(expected)


@pytest.mark.parametrize("name", [case.values[0] for case in CASES])
def test_every_event_can_be_stored_and_is_named_the_same_when_sent_again(name):
    first, again = (ADAPTER.parse(ADAPTER.unpack(whatsapp_request(load(name)))) for _ in range(2))
    assert [event.provider_id for event in first] == [event.provider_id for event in again]
    for event in first:
        assert b"\\u0000" not in orjson.dumps(event.raw).replace(b"\\\\", b"")
        assert event.provider_id


def test_a_file_is_described_whole():
    [event] = ADAPTER.parse(ADAPTER.unpack(whatsapp_request(load("document"))))
    [file] = event.attachments
    assert (file.media_id, file.filename, file.media_type) == ("79", "חשבון.pdf", "application/pdf")
    assert file.sha256 == "49f227634806293b0995459bc310b593e1400f41591efcf07e9bced335f41942"


def test_what_is_not_modelled_stays_on_the_event():
    assert (
        ADAPTER.parse(ADAPTER.unpack(whatsapp_request(load("status_delivered"))))[0].raw["pricing"]["category"]
        == "utility"
    )
    assert ADAPTER.parse(ADAPTER.unpack(whatsapp_request(load("referral"))))[0].raw["referral"]["ctwa_clid"] == "c"
    assert ADAPTER.parse(ADAPTER.unpack(whatsapp_request(load("hologram"))))[0].raw["hologram"] == {"body": "?"}
    assert ADAPTER.parse(ADAPTER.unpack(whatsapp_request(load("text_nul"))))[0].raw["text"] == {
        "body": "a\\u0000b\\ud83d"
    }


def test_metas_own_examples_are_all_understood():
    if not SHARED.exists():
        pytest.skip("Meta's examples are not part of the project")
    kinds = {}
    for title, payload in json.loads(SHARED.read_text(encoding="utf-8")).items():
        events = ADAPTER.parse(ADAPTER.unpack(whatsapp_request(json.dumps(payload).encode())))
        kinds[title] = [getattr(event, "kind", type(event).__name__) for event in events]
    assert len(kinds) == 16
    assert kinds.pop("System Message") == ["NumberChange"]
    groups = [title for title in kinds if title.startswith("Group")]
    assert [kinds.pop(title) for title in groups] == [["UnknownEvent"]] * 3
    assert kinds.pop("Unsupported Message") == ["unsupported"]
    assert all(len(found) == 1 and found[0] in set(MessageKind) - {"unsupported"} for found in kinds.values())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"entry": {"changes": 1}}', id="an object where a list belongs"),
        pytest.param(b'{"entry": [null, 1, {"changes": [null, {"value": []}]}]}', id="junk among the entries"),
        pytest.param(b"[" * 900 + b"]" * 900, id="nested 900 deep"),
        pytest.param(b'{"a":' * 5000 + b"1" + b"}" * 5000, id="nested 5,000 deep"),
        pytest.param(
            b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": ["x"]}}]}]}',
            id="a message that is text",
        ),
        pytest.param(
            b'{"a": NaN, "b": 1e999, "c": "\\ud83d", "d": 1' + b"0" * 40 + b"}",
            id="numbers and characters no store takes",
        ),
    ],
)
def test_what_is_no_webhook_is_kept_for_operations(body):
    events = ADAPTER.parse(ADAPTER.unpack(whatsapp_request(body)))
    assert events
    assert all(type(event).__name__ == "UnknownEvent" and event.provider_id for event in events)
    assert all(orjson.dumps(event.raw) for event in events)


SAMPLES = [json.loads(path.read_bytes()) for path in sorted((PAYLOADS / "whatsapp").glob("*.json"))]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud83d\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def mutate(value, draw):
    """Replace one randomly chosen part of a payload by junk, or drop it."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 9)):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw(st.sampled_from(keys))
        copy = dict(value) if isinstance(value, dict) else list(value)
        if draw(st.integers(0, 9)) == 0:
            del copy[key]
        else:
            copy[key] = mutate(value[key], draw)
        return copy
    return draw(JUNK)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_no_shape_of_json_makes_parsing_fail(data):
    payload = data.draw(st.sampled_from(SAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        payload = mutate(payload, data.draw)
    events = ADAPTER.parse(ADAPTER.unpack(whatsapp_request(json.dumps(payload).encode())))
    assert events
    for event in events:
        assert isinstance(event, Event)
        assert orjson.dumps(event.raw)
        assert event.provider_id
