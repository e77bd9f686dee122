"""The sandbox's Cloud API: Meta's limits and error codes going in, signed and batched webhooks coming out."""

import asyncio
import hashlib
import hmac
import json

import aiohttp
import pytest

PHONE = "+972501234567"
USER_ID = "IL.13491208655302741918"


def values(webhook):
    body = json.loads(webhook.body)
    assert body["object"] == "whatsapp_business_account"
    return [change["value"] for entry in body["entry"] for change in entry["changes"]]


def gathered(webhooks, name):
    return [item for webhook in webhooks for value in values(webhook) for item in value.get(name, [])]


async def until(product, condition):
    async with asyncio.timeout(5), product.arrived:
        await product.arrived.wait_for(condition)


def buttons(*titles):
    replies = [{"type": "reply", "reply": {"id": title or "x", "title": title}} for title in titles]
    content = {"type": "button", "body": {"text": "Choose"}, "action": {"buttons": replies}}
    return {"type": "interactive", "interactive": content}


def rows(count):
    listed = [{"id": str(number), "title": f"row {number}"} for number in range(count)]
    action = {"button": "Open", "sections": [{"title": "All", "rows": listed}]}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": "Choose"}, "action": action}}


async def test_a_text_is_told_in_metas_shape_and_signed_over_its_bytes(sandbox, product):
    answer = await sandbox.play("cloud", {"from": PHONE, "name": "דנה", "text": "שלום 🙂"})
    (webhook,) = product.webhooks
    expected = hmac.new(b"app-secret", webhook.body, hashlib.sha256).hexdigest()
    assert webhook.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    (value,) = values(webhook)
    assert value["metadata"]["phone_number_id"] == "106540352242922"
    assert value["contacts"][0]["profile"] == {"name": "דנה"}
    assert value["contacts"][0]["wa_id"] == PHONE[1:]
    (message,) = value["messages"]
    assert (message["from"], message["id"], message["type"]) == (PHONE[1:], answer["id"], "text")
    assert message["text"] == {"body": "שלום 🙂"}


@pytest.mark.parametrize(
    "who",
    [
        pytest.param({"from": USER_ID}, id="a user id alone"),
        pytest.param({"from": PHONE, "hides_phone": True, "username": "dana"}, id="a phone hidden by its owner"),
    ],
)
async def test_a_person_without_a_phone_has_only_a_user_id_and_can_be_answered(sandbox, product, who):
    await sandbox.play("cloud", who | {"text": "hi"})
    (value,) = values(product.webhooks[0])
    (message,) = value["messages"]
    assert "from" not in message
    assert "wa_id" not in value["contacts"][0]
    status, sent = await sandbox.send_cloud(to=None, recipient=message["from_user_id"])
    assert status == 200
    assert sent["contacts"] == [{"input": message["from_user_id"], "user_id": message["from_user_id"]}]


async def test_statuses_carry_the_senders_own_id(sandbox, product):
    await sandbox.play("cloud", {"from": PHONE, "text": "hi"})
    status, sent = await sandbox.send_cloud(biz_opaque_callback_data="delivery-9")
    assert status == 200
    wamid = sent["messages"][0]["id"]
    assert wamid.startswith("wamid.")
    await until(product, lambda: len(gathered(product.webhooks, "statuses")) == 2)
    await sandbox.play("read", {"ids": [wamid]})
    await until(product, lambda: len(gathered(product.webhooks, "statuses")) == 3)
    statuses = gathered(product.webhooks, "statuses")
    assert [told["status"] for told in statuses] == ["sent", "delivered", "read"]
    assert {(told["id"], told["biz_opaque_callback_data"], told["recipient_id"]) for told in statuses} == {
        (wamid, "delivery-9", PHONE[1:])
    }
    assert (await sandbox.look("outbox"))["by_id"] == {"cloud:delivery-9": 1}


async def test_many_events_come_in_one_post_and_none_is_lost(sandbox, product):
    said = [sandbox.play("cloud", {"from": f"+97250000{number:04}", "text": str(number)}) for number in range(30)]
    await asyncio.gather(*said)
    texts = [message["text"]["body"] for message in gathered(product.webhooks, "messages")]
    assert sorted(texts, key=int) == [str(number) for number in range(30)]
    assert len(product.webhooks) < 30


async def test_a_refused_webhook_is_sent_again_until_it_is_taken(sandbox, product):
    product.answers = [500, 503]
    answer = await sandbox.play("cloud", {"from": PHONE, "text": "hi"})
    assert (answer["accepted"], answer["status"]) == (False, 500)
    await product.webhooks_at("/webhooks/whatsapp", 3)
    assert len({webhook.body for webhook in product.webhooks}) == 1


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        pytest.param({"messaging_product": None}, 400, 100, id="no messaging_product"),
        pytest.param({"to": ""}, 400, 100, id="no recipient"),
        pytest.param({"to": "abc"}, 400, 131009, id="recipient is neither phone nor user id"),
        pytest.param({"type": "smell"}, 400, 100, id="unknown type"),
        pytest.param({"text": {}}, 400, 131008, id="no body"),
        pytest.param({"text": {"body": "a" * 4097}}, 400, 100, id="4097 characters"),
        pytest.param({"text": {"body": "a" * 4096}}, 200, None, id="4096 characters"),
        pytest.param(buttons("a", "b", "c", "d"), 400, 131009, id="four buttons"),
        pytest.param(buttons("x" * 21), 400, 131009, id="a title of 21"),
        pytest.param(buttons("yes", "yes"), 400, 131009, id="the same button twice"),
        pytest.param(buttons("כן", "לא"), 200, None, id="two good buttons"),
        pytest.param(rows(11), 400, 131009, id="eleven rows"),
        pytest.param(rows(10), 200, None, id="ten rows"),
        pytest.param({"type": "image", "image": {"id": "999"}}, 400, 100, id="media nobody uploaded"),
        pytest.param({"type": "image", "image": {"link": "https://a/b.png"}}, 200, None, id="media by link"),
    ],
)
async def test_limits_are_metas(sandbox, payload, status, code):
    await sandbox.play("cloud", {"from": PHONE, "text": "hi"})
    got, body = await sandbox.send_cloud(**payload)
    assert (got, body.get("error", {}).get("code")) == (status, code)


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic EAAtest"])
async def test_a_wrong_token_is_190(sandbox, token):
    async with sandbox.session.post(f"{sandbox.cloud}/messages", json={}, headers={"Authorization": token}) as response:
        error = (await response.json())["error"]
        assert (response.status, error["code"], error["type"]) == (401, 190, "OAuthException")


async def test_another_phone_number_id_is_unknown(sandbox):
    url = f"{sandbox.url}/v25.0/1/messages"
    async with sandbox.session.post(url, json={}, headers=sandbox.bearer) as response:
        error = (await response.json())["error"]
        assert (response.status, error["code"], error["error_subcode"]) == (400, 100, 33)


async def test_a_closed_window_fails_late_unless_told_otherwise(sandbox, product):
    assert (await sandbox.send_cloud())[0] == 200
    await until(product, lambda: gathered(product.webhooks, "statuses"))
    (told,) = gathered(product.webhooks, "statuses")
    assert (told["status"], told["errors"][0]["code"]) == ("failed", 131047)
    await sandbox.play("faults", {"rules": {"window_error_at_once": True}})
    assert (await sandbox.send_cloud())[1]["error"]["code"] == 131047
    template = {"name": "hello", "language": {"code": "he"}}
    assert (await sandbox.send_cloud(type="template", template=template))[0] == 200


async def test_registered_templates_check_their_values_and_show_their_words(sandbox):
    registered = {"name": "late", "language": "he", "body": "שלום {{1}}, נאחר ב-{{2}} דקות", "buttons": ["בסדר"]}
    await sandbox.play("templates", registered)

    async def send(language, *texts):
        parameters = [{"type": "text", "text": text} for text in texts]
        template = {
            "name": "late",
            "language": {"code": language},
            "components": [{"type": "body", "parameters": parameters}],
        }
        return (await sandbox.send_cloud(type="template", template=template))[1]

    assert (await send("he", "דנה"))["error"]["code"] == 132000
    assert (await send("en", "Dana", "5"))["error"]["code"] == 132001
    await send("he", "דנה", "5")
    (shown,) = (await sandbox.look("messages", channel="cloud"))["messages"]
    assert shown["text"] == "שלום דנה, נאחר ב-5 דקות"
    assert [choice["label"] for choice in shown["choices"]] == ["בסדר"]


async def test_a_tapped_button_tells_which_message_it_belongs_to(sandbox, product):
    tapped = {"from": PHONE, "button_reply": {"id": "yes", "title": "כן"}, "reply_to": "wamid.ABC"}
    await sandbox.play("cloud", tapped)
    (message,) = gathered(product.webhooks, "messages")
    assert message["interactive"] == {"type": "button_reply", "button_reply": {"id": "yes", "title": "כן"}}
    assert message["context"] == {"from": "97233730002", "id": "wamid.ABC"}


async def test_stopping_marketing_is_told_and_then_enforced(sandbox, product):
    await sandbox.play("templates", {"name": "sale", "language": "he", "body": "מבצע", "category": "marketing"})
    await sandbox.play("preference", {"from": PHONE, "marketing": False})
    (preference,) = gathered(product.webhooks, "user_preferences")
    assert (preference["value"], preference["wa_id"]) == ("stop", PHONE[1:])
    await sandbox.send_cloud(type="template", template={"name": "sale", "language": {"code": "he"}})
    await until(product, lambda: gathered(product.webhooks, "statuses"))
    assert gathered(product.webhooks, "statuses")[0]["errors"][0]["code"] == 131050


async def test_media_travels_both_ways_with_its_digest(sandbox, product):
    photo = {"filename": "a.png", "media_type": "image/png", "base64": "iVBORw0KGgo="}
    await sandbox.play("cloud", {"from": PHONE, "text": "look", "files": [photo]})
    (message,) = gathered(product.webhooks, "messages")
    assert (message["type"], message["image"]["caption"]) == ("image", "look")
    async with sandbox.session.get(f"{sandbox.url}/v25.0/{message['image']['id']}", headers=sandbox.bearer) as response:
        found = await response.json()
    async with sandbox.session.get(found["url"]) as response:
        assert response.status == 401
    async with sandbox.session.get(found["url"], headers=sandbox.bearer) as response:
        content = await response.read()
    assert hashlib.sha256(content).hexdigest() == found["sha256"]
    form = aiohttp.FormData({"messaging_product": "whatsapp", "type": "image/png"})
    form.add_field("file", content, filename="b.png", content_type="image/png")
    async with sandbox.session.post(f"{sandbox.cloud}/media", data=form, headers=sandbox.bearer) as response:
        media_id = (await response.json())["id"]
    assert (await sandbox.send_cloud(type="image", image={"id": media_id}))[0] == 200


async def test_reading_and_typing_reach_the_customers_phone(sandbox):
    said = await sandbox.play("cloud", {"from": PHONE, "text": "hi"})
    read = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": said["id"],
        "typing_indicator": {"type": "text"},
    }
    async with sandbox.session.get(f"{sandbox.url}/sandbox/events") as events:
        assert (await events.content.readline()).startswith(b"retry")
        async with sandbox.session.post(f"{sandbox.cloud}/messages", json=read, headers=sandbox.bearer) as response:
            assert await response.json() == {"success": True}
        seen = b""
        async with asyncio.timeout(5):
            while b"event: typing" not in seen:
                seen += await events.content.readany()
    assert b'"status":"read"' in seen


async def test_the_handshake_checks_the_products_webhook(sandbox):
    assert await sandbox.play("verify", {}) == {"accepted": True, "error": ""}
