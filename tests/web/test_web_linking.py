"""Two contacts become one by a code or by an agent's word, and two again when that was wrong."""

import re

from web_kit import PHONE

from gateway.domain.agents import Scope
from gateway.web.api.table import BASE

MAILBOX = "dana@example.com"


async def two_contacts(office):
    await office.text("שלום")
    await office.mail("hello", sender=MAILBOX, subject="hi")
    mine = await office.pool.fetchval("SELECT contact_id FROM address WHERE uri = $1", f"tel:{PHONE}")
    theirs = await office.pool.fetchval("SELECT contact_id FROM address WHERE uri = $1", f"mailto:{MAILBOX}")
    assert mine != theirs
    return mine, theirs


async def code_sent_to(office, uri):
    text = await office.pool.fetchval(
        "SELECT text FROM delivery WHERE address_id = (SELECT id FROM address WHERE uri = $1) ORDER BY id DESC LIMIT 1",
        uri,
    )
    return re.search(r"\d{6}", text)[0]


async def living_contacts(office):
    return await office.pool.fetchval("SELECT count(*) FROM contact WHERE merged_into IS NULL")


async def test_a_code_read_out_makes_two_contacts_one(office):
    await office.text("שלום")
    await office.hire()
    await office.log_in()
    contact_id = await office.pool.fetchval("SELECT contact_id FROM address")
    form = {"csrf": await office.csrf(), "address": MAILBOX, "do": "code"}

    page = await (await office.client.post(f"/contacts/{contact_id}/links", data=form)).text()
    proof = re.search(r'name="proof" value="(\d+)"', page)[1]
    code = await code_sent_to(office, f"mailto:{MAILBOX}")
    wrong = {"csrf": form["csrf"], "proof": proof, "code": "000000" if code != "000000" else "111111"}
    refused = await office.client.post(f"/contacts/{contact_id}/links/confirm", data=wrong)
    assert refused.status == 409
    done = await office.client.post(
        f"/contacts/{contact_id}/links/confirm", data={**wrong, "code": code}, allow_redirects=False
    )

    assert done.status == 303
    owners = await office.pool.fetch("SELECT DISTINCT contact_id FROM address")
    assert [row["contact_id"] for row in owners] == [contact_id]


async def test_a_code_is_good_for_five_tries_and_one_use(office):
    mine, _ = await two_contacts(office)
    headers = await office.token(Scope.CONTACTS_WRITE)
    sent = await office.client.post(
        f"{BASE}/contacts/{mine}/proofs", json={"address": "mailto:other@example.com"}, headers=headers
    )
    proof_id = (await sent.json())["id"]
    code = await code_sent_to(office, "mailto:other@example.com")
    url = f"{BASE}/proofs/{proof_id}"

    for _ in range(5):
        wrong = await office.client.post(url, json={"contact_id": mine, "code": "x"}, headers=headers)
        assert wrong.status == 422
    late = await office.client.post(url, json={"contact_id": mine, "code": code}, headers=headers)

    assert late.status == 422


async def test_an_agents_word_merges_and_can_be_taken_back(office):
    mine, theirs = await two_contacts(office)
    await office.hire()
    await office.log_in()
    form = {"csrf": await office.csrf(), "address": PHONE, "do": "merge"}

    done = await office.client.post(f"/contacts/{theirs}/links", data=form, allow_redirects=False)
    assert done.status == 303
    assert await living_contacts(office) == 1
    page = await (await office.client.get(f"/contacts/{theirs}/links")).text()
    merge_id = re.search(r"/merges/(\d+)/undo", page)[1]
    await office.client.post(f"/merges/{merge_id}/undo", data={"csrf": form["csrf"]})

    assert await living_contacts(office) == 2
    back = await office.pool.fetchval("SELECT contact_id FROM address WHERE uri = $1", f"tel:{PHONE}")
    assert back == mine


async def test_merged_ids_redirect_over_the_api_until_undone(office):
    mine, theirs = await two_contacts(office)
    headers = await office.token(Scope.CONTACTS_WRITE, Scope.CONTACTS_READ)
    made = await office.client.post(f"{BASE}/contacts/{mine}/merges", json={"contact_id": theirs}, headers=headers)
    assert made.status == 201

    seen = await (await office.client.get(f"{BASE}/contacts/{theirs}", headers=headers)).json()
    assert seen["id"] == mine
    gone = await office.client.delete(f"{BASE}/merges/{(await made.json())['id']}", headers=headers)
    assert gone.status == 204
    seen = await (await office.client.get(f"{BASE}/contacts/{theirs}", headers=headers)).json()
    assert seen["id"] == theirs


async def test_an_address_nobody_is_known_by_cannot_be_merged_without_a_code(office):
    await office.text("שלום")
    await office.hire()
    await office.log_in()
    contact_id = await office.pool.fetchval("SELECT contact_id FROM address")
    form = {"csrf": await office.csrf(), "address": "nobody@example.com", "do": "merge"}

    refused = await office.client.post(f"/contacts/{contact_id}/links", data=form)

    assert refused.status == 409
    assert "nobody@example.com" in await refused.text()
