"""A captured request sent again, and again, changes nothing: no row is added anywhere, and the sender is told 200."""

import asyncio
import json
import time

import pytest
from open_house import Line, fields_of, form_post, meta_mac, open_house, post

from gateway.web.server.listening import ConnectionLimits

MESSAGE, STATUS, CLOUD = "/webhooks/twilio/message", "/webhooks/twilio/status", "/webhooks/whatsapp"
CAPTURED = [240, pytest.param(1_000, marks=pytest.mark.slow)]


def captured(office, number: int) -> bytes:
    """One of many requests a provider may send: of every kind in turn."""
    sid, phone = f"SM{number:032x}", f"+97250{number % 40:07}"
    kinds = (
        lambda: form_post(office, MESSAGE, fields_of(office, sid=sid, From=phone, Body=f"שאלה {number}")),
        lambda: form_post(office, MESSAGE, fields_of(office, sid=sid, From=phone, Body="STOP", OptOutType="STOP")),
        lambda: form_post(office, MESSAGE, fields_of(office, sid=sid, From=phone, Body="START", OptOutType="START")),
        lambda: form_post(office, STATUS, status_fields(office, sid, phone, "delivered")),
        lambda: form_post(office, STATUS, status_fields(office, sid, phone, "failed", ErrorCode="30005")),
        lambda: form_post(office, STATUS, {"AccountSid": office.twilio.sid, "To": ours(office), "What": str(number)}),
        lambda: cloud(office, {"messages": [text(number, phone)]}),
        lambda: cloud(office, {"statuses": [state(number, phone, "read")]}),
        lambda: cloud(office, {"user_preferences": [preference(number, phone, "stop")]}),
        lambda: cloud(office, {"user_preferences": [preference(number, phone, "resume")]}),
        lambda: cloud(office, {"moon_phase": number}),
        lambda: cloud(office, {"messages": [text(number, phone, days_ago=9)]}),
    )
    return kinds[number % len(kinds)]()


def ours(office) -> str:
    return office.twilio.endpoints[0].address


def status_fields(office, sid: str, phone: str, status: str, **more: str) -> dict[str, str]:
    fields = {"MessageSid": sid, "MessageStatus": status, "AccountSid": office.twilio.sid}
    return fields | {"From": ours(office), "To": phone} | more


def cloud(office, changes: dict[str, object]) -> bytes:
    metadata = {"display_phone_number": "1", "phone_number_id": office.whatsapp.endpoints[0].address}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **changes}
    entry = {"id": office.whatsapp.business_account_id, "changes": [{"field": "messages", "value": value}]}
    if "user_preferences" in changes:
        entry["changes"][0]["field"] = "user_preferences"
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    return post(CLOUD, body, {"X-Hub-Signature-256": meta_mac(office.whatsapp.app_secrets[0], body)})


def text(number: int, phone: str, days_ago: float = 0) -> dict[str, object]:
    at = str(int(time.time() - days_ago * 86400))
    return {
        "from": phone[1:],
        "id": f"wamid.{number}",
        "timestamp": at,
        "type": "text",
        "text": {"body": f"q {number}"},
    }


def state(number: int, phone: str, status: str) -> dict[str, object]:
    return {"id": f"wamid.out{number}", "status": status, "timestamp": str(int(time.time())), "recipient_id": phone[1:]}


def preference(number: int, phone: str, value: str) -> dict[str, object]:
    return {
        "wa_id": phone[1:],
        "category": "marketing_messages",
        "value": value,
        "timestamp": str(1_790_000_000 + number),
    }


async def send_all(port: int, requests: list[bytes]) -> set[int]:
    async def send(part: list[bytes]) -> set[int]:
        line = await Line.to(port)
        statuses = {(await line.ask(request))[0] for request in part}
        await line.close()
        return statuses

    return set().union(*await asyncio.gather(*(send(requests[number::16]) for number in range(16))))


@pytest.mark.parametrize("count", CAPTURED)
async def test_captured_requests_replayed_twice_add_no_row(office, rows, pool, count):
    requests = [captured(office, number) for number in range(count)]
    async with open_house(office, ConnectionLimits()) as port:
        assert await send_all(port, requests) <= {200, 204}
        before = await rows()
        opted_out = await pool.fetch("SELECT id, opted_out FROM address ORDER BY id")
        assert min(before["message"], before["consent"], before["delivery_event"], before["raw_payload"]) > count / 20
        for _ in range(2):
            assert await send_all(port, requests) <= {200, 204}
            assert await rows() == before
    assert await pool.fetch("SELECT id, opted_out FROM address ORDER BY id") == opted_out


async def test_twenty_copies_at_once_are_one_message_with_one_answer(office, pool):
    async with open_house(office, ConnectionLimits()) as port:
        assert await send_all(port, [form_post(office, MESSAGE, fields_of(office))] * 20) == {200}
    assert await pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'") == 1
    assert await pool.fetchval("SELECT count(*) FROM delivery") == 1


@pytest.mark.parametrize(
    ("days_ago", "is_taken"),
    [
        pytest.param(7.5, True, id="Meta tries for a week"),
        pytest.param(8.5, False, id="nobody tries for longer"),
        pytest.param(-1, True, id="a clock that is ahead"),
    ],
)
async def test_a_message_said_to_be_from_long_ago_is_kept_for_a_person(office, pool, days_ago, is_taken):
    async with open_house(office, ConnectionLimits()) as port:
        request = cloud(office, {"messages": [text(1, "+972501234567", days_ago)]})
        assert await send_all(port, [request]) == {200}
    assert await pool.fetchval("SELECT count(*) FROM message") == (2 if is_taken else 0)
    assert await pool.fetchval("SELECT count(*) FROM raw_payload WHERE problem LIKE '%too long ago%'") == (not is_taken)
