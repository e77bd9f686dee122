"""The JSON API: its shapes, its paging, its idempotency, and how it refuses."""

import pytest
from openapi_spec_validator import validate

from gateway.domain.agents import Role
from gateway.domain.consent import ConsentChange, ConsentState
from gateway.people import merging
from gateway.people.store.consent import ConsentEntry, change_consent
from gateway.web.api.openapi import document
from gateway.web.api.table import BASE, OPERATIONS

STRANGE = "הכלב שלי אכל את השלט של הממיר ועכשיו הטלוויזיה מדברת סינית"
ARTICLE = {
    "key": "moon",
    "category": "sky",
    "texts": [{"language": "en", "title": "The moon", "answer": "It is up there.", "variants": ["where is the moon"]}],
}


@pytest.fixture
async def headers(office):
    return await office.token()


async def get(office, path, headers, status=200):
    answer = await office.client.get(BASE + path, headers=headers)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def send(office, conversation_id, headers, key="k1", status=202, **body):
    answer = await office.client.post(
        f"{BASE}/conversations/{conversation_id}/messages", headers=headers | {"Idempotency-Key": key}, json=body
    )
    assert answer.status == status, await answer.text()
    return await answer.json()


async def opt_out(office, uri="tel:+972501234567"):
    address_id = await office.pool.fetchval("SELECT id FROM address WHERE uri = $1", uri)
    entry = ConsentEntry(address_id=address_id, change=ConsentChange(state=ConsentState.OPTED_OUT, how="הסר"))
    async with office.pool.acquire() as connection, connection.transaction():
        await change_consent(connection, [entry])


async def test_a_contact_is_found_by_its_address(office, headers):
    await office.text(STRANGE)

    page = await get(office, "/contacts?address=tel:%2B972501234567", headers)

    [contact] = page["items"]
    assert page["next"] is None
    assert contact["conversation_id"] == await office.conversation_of()
    [address] = contact["addresses"]
    assert (address["address"], address["verified"], address["consent"]) == ("tel:+972501234567", True, "none")


async def test_a_brazilian_is_found_by_either_form_of_the_number(office, headers):
    await office.text("oi", sender="+551187654321")

    assert (await get(office, "/contacts?address=tel:%2B5511987654321", headers))["items"]


async def test_consent_shows_on_the_address(office, headers):
    await office.text(STRANGE)
    await opt_out(office)

    [contact] = (await get(office, "/contacts", headers))["items"]

    assert contact["addresses"][0]["consent"] == "opted_out"
    assert contact["addresses"][0]["opted_out_of"] == ["any"]


async def test_messages_tell_their_delivery_and_decision(office, headers):
    await office.text("איך אני מאפס סיסמה?")

    inbound, reply = (await get(office, f"/conversations/{await office.conversation_of()}/messages", headers))["items"]

    assert (inbound["direction"], inbound["text"], inbound["delivery"]) == ("inbound", "איך אני מאפס סיסמה?", None)
    assert inbound["provider_id"].startswith("SM")
    assert inbound["decision"]["action"] == "answer"
    assert inbound["decision"]["reason"].startswith("Knowledge answer")
    assert (reply["direction"], reply["channel"], reply["automatic"]) == ("outbound", "sms", True)
    assert reply["decision"]["code"] == inbound["decision"]["code"]
    assert reply["delivery"]["status"] == "queued"


async def test_reasons_are_told_in_hebrew_when_asked(office, headers):
    await office.text("איך אני מאפס סיסמה?")
    path = f"/conversations/{await office.conversation_of()}/messages"

    page = await get(office, path, headers | {"Accept-Language": "he-IL,he;q=0.9"})

    assert page["items"][0]["decision"]["reason"].startswith("תשובה ממאגר הידע")


async def test_the_part_of_a_long_message_that_got_least_far_speaks_for_it(office, headers):
    await office.text(STRANGE)
    conversation = await office.conversation_of()
    sent = await send(office, conversation, headers, text="ארוך מאוד. " * 400, channel="sms")
    await office.pool.execute("UPDATE delivery SET status = 'delivered' WHERE message_id = $1", sent["id"])
    await office.pool.execute(
        "UPDATE delivery SET status = 'failed', reason = 'no such phone' WHERE message_id = $1 AND part = 1", sent["id"]
    )

    message = (await get(office, f"/conversations/{conversation}/messages", headers))["items"][-1]

    assert await office.pool.fetchval("SELECT count(*) FROM delivery WHERE message_id = $1", sent["id"]) > 1
    assert (message["delivery"]["status"], message["delivery"]["reason"]) == ("failed", "no such phone")


async def test_pages_follow_each_other_to_the_end_without_gap_or_repeat(office, headers):
    for number in range(5):
        await office.text(f"{STRANGE} {number}", sender=f"+97250765432{number}")
    for path in ("/contacts", "/conversations", "/cases", "/deliveries", "/knowledge"):
        whole = [each["id"] for each in (await get(office, f"{path}?limit=200", headers))["items"]]
        found, cursor = [], ""
        while cursor is not None:
            page = await get(office, f"{path}?limit=2{cursor and f'&cursor={cursor}'}", headers)
            found += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert found == whole, path
        assert len(set(found)) == len(found) >= 5


async def test_the_same_key_sends_once_and_gives_the_same_id(office, headers):
    await office.text(STRANGE)
    conversation = await office.conversation_of()

    first = await send(office, conversation, headers, text="On its way")
    again = await send(office, conversation, headers, text="On its way")
    await send(office, conversation, headers, text="Something else", status=409)

    assert first == again
    assert await office.pool.fetchval("SELECT count(*) FROM message WHERE text = 'On its way'") == 1
    assert await office.pool.fetchval("SELECT count(*) FROM delivery WHERE text = 'On its way'") == 1


@pytest.mark.parametrize(
    ("purpose", "lane"),
    [("reply", 0), ("notice", 1), ("survey", 2), ("marketing", 2)],
)
async def test_the_purpose_chooses_the_lane(office, headers, purpose, lane):
    await office.text(STRANGE)

    sent = await send(office, await office.conversation_of(), headers, text="x", purpose=purpose)

    row = await office.pool.fetchrow("SELECT lane, purpose FROM delivery WHERE message_id = $1", sent["id"])
    assert (row["lane"], row["purpose"]) == (lane, purpose)


async def test_nothing_is_sent_to_who_opted_out(office, headers):
    await office.text(STRANGE)
    await opt_out(office)

    problem = await send(office, await office.conversation_of(), headers, text="Hello?", status=409)

    assert "opted out" in problem["detail"]


async def test_nothing_is_sent_where_there_is_no_address(office, headers):
    await office.text(STRANGE)

    problem = await send(office, await office.conversation_of(), headers, text="Hello", channel="email", status=409)

    assert "no address on email" in problem["detail"]


async def test_a_merged_conversation_lives_on_in_the_one_it_joined(office, headers):
    await office.text("first phone", sender="+972501111111")
    await office.text("second phone", sender="+972502222222")
    old, new = [await office.conversation_of(f"tel:+97250{digit * 7}") for digit in "12"]
    contacts = [row["contact_id"] for row in await office.pool.fetch("SELECT contact_id FROM conversation ORDER BY id")]
    await merging.merge_by_agent(office.pool, contacts[0], contacts[1], actor="agent:1")

    messages = (await get(office, f"/conversations/{old}/messages", headers))["items"]
    sent = await send(office, old, headers, text="hello both")

    assert {"first phone", "second phone"} <= {each["text"] for each in messages}
    assert (await get(office, f"/conversations/{old}", headers))["id"] == new
    assert await office.pool.fetchval("SELECT conversation_id FROM message WHERE id = $1", sent["id"]) == new


async def test_a_case_is_listed_assigned_and_resolved(office, headers):
    await office.hire()
    await office.text(STRANGE)

    [case] = (await get(office, "/cases?status=open", headers))["items"]
    answer = await office.client.patch(
        f"{BASE}/cases/{case['id']}", headers=headers, json={"assignee": "noa@example.com", "status": "resolved"}
    )
    changed = await answer.json()

    assert set(case) >= {"id", "number", "conversation_id", "topic", "severity", "status", "queue", "assignee"}
    assert (changed["assignee"], changed["status"]) == ("noa@example.com", "resolved")
    assert (await get(office, "/cases?status=open", headers))["items"] == []
    unassigned = await office.client.patch(f"{BASE}/cases/{case['id']}", headers=headers, json={"assignee": None})
    assert (await unassigned.json())["assignee"] is None


async def test_an_assignee_must_exist(office, headers):
    await office.text(STRANGE)
    [case] = (await get(office, "/cases", headers))["items"]

    answer = await office.client.patch(
        f"{BASE}/cases/{case['id']}", headers=headers, json={"assignee": "ghost@example.com", "status": "resolved"}
    )

    assert answer.status == 404
    assert (await get(office, f"/cases/{case['id']}", headers))["status"] == "open"


async def test_a_dead_letter_is_sent_again_once(office, headers):
    await office.text("איך אני מאפס סיסמה?")
    await office.pool.execute("UPDATE delivery SET status = 'failed', reason = 'away'")
    [dead] = (await get(office, "/deliveries?status=failed", headers))["items"]

    first = await office.client.post(f"{BASE}/deliveries/{dead['id']}/replay", headers=headers)
    second = await office.client.post(f"{BASE}/deliveries/{dead['id']}/replay", headers=headers)

    assert (first.status, second.status) == (202, 409)
    assert await office.pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'queued'") == 1


async def test_an_article_written_through_the_api_answers_the_next_question(office, headers):
    version = await office.pool.fetchval("SELECT version FROM knowledge_version")

    made = await (await office.client.post(f"{BASE}/knowledge", headers=headers, json=ARTICLE)).json()
    await office.text("where is the moon")

    assert await office.pool.fetchval("SELECT version FROM knowledge_version") == version + 1
    messages = (await get(office, f"/conversations/{await office.conversation_of()}/messages", headers))["items"]
    assert "It is up there." in messages[-1]["text"]
    changed = ARTICLE | {"published": False}
    answer = await office.client.put(f"{BASE}/knowledge/{made['id']}", headers=headers, json=changed)
    assert (await answer.json())["published"] is False
    gone = await office.client.delete(f"{BASE}/knowledge/{made['id']}", headers=headers)
    assert gone.status == 204
    await get(office, f"/knowledge/{made['id']}", headers, status=404)


async def test_two_articles_cannot_have_one_key(office, headers):
    await office.client.post(f"{BASE}/knowledge", headers=headers, json=ARTICLE)

    assert (await office.client.post(f"{BASE}/knowledge", headers=headers, json=ARTICLE)).status == 409


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        pytest.param("GET", "/nowhere", {}, 404, id="no such path"),
        pytest.param("DELETE", "/cases", {}, 405, id="a method that is not there"),
        pytest.param("GET", "/cases/0", {}, 404, id="an id that cannot be"),
        pytest.param("GET", "/cases/99999999999999999999999", {}, 404, id="an id no database holds"),
        pytest.param("GET", "/cases/x", {}, 404, id="an id that is none"),
        pytest.param("GET", "/cases?status=opne", {}, 422, id="a status with a typing error"),
        pytest.param("GET", "/cases?staus=open", {}, 422, id="a parameter with a typing error"),
        pytest.param("GET", "/cases?cursor=%00%ff", {}, 422, id="a cursor of no page"),
        pytest.param("GET", "/cases?cursor=MC45OTk5OTk5OTk5OTk5OTk5OTk5OTk", {}, 422, id="a cursor past any id"),
        pytest.param("GET", "/contacts?cursor=9223372036854775808", {}, 422, id="a cursor past the largest id"),
        pytest.param("GET", "/contacts/9223372036854775807", {}, 404, id="the largest id, which nobody has"),
        pytest.param("GET", "/cases?limit=100000", {}, 422, id="too large a page"),
        pytest.param("GET", "/contacts?address=0501234567", {}, 422, id="an address without a scheme"),
        pytest.param("POST", "/knowledge", {"data": b"x"}, 415, id="a body that is no JSON by its type"),
        pytest.param("POST", "/knowledge", {"json": {}}, 422, id="a body that lacks everything"),
        pytest.param("POST", "/knowledge", {"json": ARTICLE | {"colour": "red"}}, 422, id="a field we do not know"),
        pytest.param("POST", "/knowledge", {"json": ARTICLE | {"key": "No Key"}}, 422, id="a key that is no name"),
        pytest.param(
            "POST",
            "/knowledge",
            {"data": b"{", "headers": {"Content-Type": "application/json"}},
            422,
            id="broken JSON",
        ),
        pytest.param(
            "POST",
            "/knowledge",
            {"data": b'"' + b"x" * 300_000 + b'"', "headers": {"Content-Type": "application/json"}},
            413,
            id="too large a body",
        ),
        pytest.param("POST", "/conversations/1/messages", {"json": {"text": "x"}}, 400, id="no idempotency key"),
        pytest.param(
            "POST",
            "/conversations/999/messages",
            {"json": {"text": "x"}, "headers": {"Idempotency-Key": "k"}},
            404,
            id="no such conversation",
        ),
    ],
)
async def test_every_refusal_is_a_problem_document(office, headers, method, path, more, status):
    more = dict(more)
    answer = await office.client.request(method, BASE + path, headers=headers | more.pop("headers", {}), **more)

    problem = await answer.json(content_type="application/problem+json")
    assert answer.status == problem["status"] == status, problem
    assert problem["type"].startswith("urn:eshnav:problem:")
    assert problem["title"]
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert ("Allow" in answer.headers) == (status == 405)


async def test_what_nobody_foresaw_tells_nothing_of_our_insides(office, headers, monkeypatch):
    async def broken(*_args, **_more):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("gateway.desk.cases.list_cases", broken)
    answer = await office.client.get(f"{BASE}/cases", headers=headers)

    assert answer.status == 500
    assert "hunter2" not in await answer.text()


async def test_an_empty_or_endless_message_is_refused(office, headers):
    await office.text(STRANGE)
    conversation = await office.conversation_of()

    await send(office, conversation, headers, text=" \n", status=409)
    await send(office, conversation, headers, text="", status=422)
    await send(office, conversation, headers, text="x" * 20_001, status=422)


async def test_the_document_describes_every_operation_and_is_valid(office):
    served = await (await office.client.get(f"{BASE}/openapi.json")).json()

    validate(served)
    described = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert described == {(each.method, BASE + each.path) for each in OPERATIONS}
    assert served == document()


async def test_an_answer_is_what_the_document_says(office, headers):
    from jsonschema import Draft202012Validator

    await office.hire(Role.AGENT)
    await office.text(STRANGE)
    described = document()
    for operation in OPERATIONS:
        if operation.method != "GET" or "{" in operation.path:
            continue
        schema = described["paths"][BASE + operation.path]["get"]["responses"]["200"]["content"]["application/json"]
        whole = schema["schema"] | {"components": described["components"]}
        Draft202012Validator(whole).validate(await get(office, operation.path, headers))
