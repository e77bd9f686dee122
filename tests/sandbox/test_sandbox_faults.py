"""Faults happen to exactly the sends they were set for, and the counts tell what really reached the customer."""

import asyncio

import aiohttp
import pytest

PHONE = "+972501234567"
CALLBACK = "https://help.example/webhooks/twilio/status?delivery=41"


async def test_throttling_says_when_to_come_back(sandbox):
    await sandbox.play("faults", {"provider": "twilio", "kind": "throttle", "count": 2, "retry_after_seconds": 3})
    for _ in range(2):
        status, body, headers = await sandbox.send_sms()
        assert (status, body["code"], headers["Retry-After"]) == (429, 20429, "3")
    assert (await sandbox.send_sms())[0] == 201
    assert (await sandbox.look("outbox"))["total"] == 1


async def test_accept_and_drop_delivers_without_an_answer(sandbox):
    await sandbox.play("faults", {"provider": "twilio", "kind": "accept_drop"})
    with pytest.raises(aiohttp.ClientError):
        await sandbox.send_sms(StatusCallback=CALLBACK)
    await sandbox.send_sms(StatusCallback=CALLBACK)
    assert (await sandbox.look("outbox"))["duplicates"] == {"twilio:41": 2}


async def test_a_dropped_connection_delivers_nothing(sandbox):
    await sandbox.play("faults", {"faults": [{"provider": name, "kind": "drop"} for name in ("twilio", "cloud")]})
    with pytest.raises(aiohttp.ClientError):
        await sandbox.send_sms()
    with pytest.raises(aiohttp.ClientError):
        await sandbox.send_cloud()
    assert (await sandbox.look("outbox"))["total"] == 0


async def test_a_hanging_provider_says_nothing(sandbox):
    await sandbox.play("faults", {"provider": "cloud", "kind": "hang", "hang_seconds": 0.2})
    with pytest.raises(aiohttp.ClientError):
        await sandbox.send_cloud()


@pytest.mark.parametrize(
    ("code", "status"), [pytest.param(21614, 400, id="at once"), pytest.param(30003, 201, id="late")]
)
async def test_a_code_fails_when_that_code_does_in_life(sandbox, product, code, status):
    await sandbox.play("faults", {"provider": "twilio", "kind": "code", "code": code})
    got, _, _ = await sandbox.send_sms(StatusCallback=CALLBACK)
    assert got == status
    if status == 201:
        (webhook,) = await product.webhooks_at("/webhooks/twilio/status", 1)
        assert b"ErrorCode=30003" in webhook.body


async def test_a_fault_for_one_recipient_spares_the_others(sandbox):
    await sandbox.play("faults", {"provider": "twilio", "kind": "error500", "to": PHONE})
    assert (await sandbox.send_sms(To="+972520000000"))[0] == 201
    assert (await sandbox.send_sms())[0] == 500


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        pytest.param("callback_twice", ["sent", "sent", "delivered", "delivered"], id="each twice"),
        pytest.param("callback_backwards", ["delivered", "sent"], id="the last one first"),
    ],
)
async def test_callbacks_misbehave_when_told_to(sandbox, product, rule, statuses):
    await sandbox.play("faults", {"rules": {rule: True}})
    await sandbox.send_sms(StatusCallback=CALLBACK)
    webhooks = await product.webhooks_at("/webhooks/twilio/status", len(statuses))
    told = [
        status
        for webhook in webhooks
        for status in ("sent", "delivered")
        if f"MessageStatus={status}".encode() in webhook.body
    ]
    assert told == statuses


async def test_without_callbacks_nothing_is_sent_back(sandbox, product):
    await sandbox.play("faults", {"rules": {"callbacks": False}})
    await sandbox.send_sms(StatusCallback=CALLBACK)
    await asyncio.sleep(0.7)
    assert product.webhooks == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"provider": "pigeon", "kind": "drop"}, id="unknown provider"),
        pytest.param({"provider": "mail", "kind": "burn"}, id="unknown kind"),
        pytest.param({"provider": "mail", "kind": "drop", "count": 0}, id="no times"),
        pytest.param({"provider": "mail", "kind": "drop", "when": "now"}, id="unknown field"),
        pytest.param({"rules": {"callback_delay_ms": "1"}}, id="a rule of the wrong type"),
        pytest.param({"rules": {"gravity": True}}, id="unknown rule"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_explained_and_changes_nothing(sandbox, data):
    before = await sandbox.look("faults")
    assert "error" in await sandbox.play("faults", data)
    assert await sandbox.look("faults") == before


async def test_other_machines_are_never_called(sandbox, product):
    await sandbox.send_sms(StatusCallback="https://elsewhere.example/status?delivery=1")
    assert sandbox.world.poster.on_this_machine("https://elsewhere.example/") is None
    assert sandbox.world.poster.on_this_machine("https://help.example.evil/") is None
    assert sandbox.world.poster.on_this_machine("https://help.example/a?b=%2B") == f"{product.url}/a?b=%2B"


async def test_foreign_pages_cannot_play_the_customer(sandbox):
    url = f"{sandbox.url}/sandbox/api/sms"
    async with sandbox.session.post(
        url, data='{"from": "+972501234567"}', headers={"Content-Type": "text/plain"}
    ) as got:
        assert got.status == 400


async def test_reset_forgets_everything(sandbox):
    await sandbox.send_sms()
    await sandbox.play("faults", {"provider": "mail", "kind": "drop"})
    await sandbox.play("reset", {})
    assert (await sandbox.look("outbox"))["total"] == 0
    assert (await sandbox.look("messages"))["messages"] == []
    assert (await sandbox.look("faults"))["faults"] == []
