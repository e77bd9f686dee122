"""The agents' screens: one thread, sending with and without scripts, and who speaks when."""

import asyncio
import re

import pytest
from web_kit import STRANGE, show

from gateway.domain.agents import Role
from gateway.domain.messages import Verification
from gateway.people import merging
from gateway.web.pages.attachments import safe_name


async def act(office, conversation, what, **form):
    form = {"csrf": await office.csrf(), "mode": "reply", "key": "key-1"} | form
    return await office.client.post(f"/conversations/{conversation}/{what}", data=form, allow_redirects=False)


async def outbound(office):
    return await office.pool.fetch("SELECT * FROM message WHERE direction = 'outbound' AND author <> 'gateway'")


async def test_one_person_on_two_channels_is_one_thread(desk):
    await desk.whatsapp_text("ועכשיו גם בוואטסאפ")

    page = await show(desk, f"/conversations/{await desk.conversation_of()}")

    assert STRANGE in page
    assert "ועכשיו גם בוואטסאפ" in page
    assert "דנה כהן" in page
    assert 'data-channel="sms"' in page
    assert 'data-channel="whatsapp"' in page


async def test_the_reason_of_an_automatic_answer_is_told_in_the_agents_language(desk):
    path = f"/conversations/{await desk.conversation_of()}"

    assert "No answer in the knowledge base fits" in await show(desk, path)
    await desk.client.post("/account/language", data={"csrf": await desk.csrf(), "language": "he"})
    page = await show(desk, path)
    assert "אין תשובה מתאימה במאגר הידע" in page
    assert '<html lang="he" dir="rtl">' in page


async def test_a_reply_goes_out_on_the_channel_the_person_used_last(desk):
    await desk.whatsapp_text("ועכשיו בוואטסאפ")
    conversation = await desk.conversation_of()

    answer = await act(desk, conversation, "messages", text="מטפלים בזה")

    assert answer.status == 303
    [message] = await outbound(desk)
    assert (message["text"], message["channel"]) == ("מטפלים בזה", "whatsapp")
    delivery = await desk.pool.fetchrow("SELECT * FROM delivery WHERE message_id = $1", message["id"])
    assert (delivery["lane"], delivery["status"]) == (0, "queued")
    assert [route["channel"] for route in delivery["chain"]] == ["sms"]


async def test_the_agent_can_choose_another_channel(desk):
    await desk.whatsapp_text("ועכשיו בוואטסאפ")
    conversation = await desk.conversation_of()
    address = await desk.pool.fetchval("SELECT id FROM address")

    await act(desk, conversation, "messages", text="בסמס", way=f"sms:{address}")

    assert [each["channel"] for each in await outbound(desk)] == ["sms"]


async def test_the_reply_leaves_from_the_number_the_person_wrote_to(desk):
    await desk.whatsapp_text("לקלאוד")
    await act(desk, await desk.conversation_of(), "messages", text="מאותו מספר")

    key = await desk.pool.fetchval(
        "SELECT key FROM endpoint JOIN delivery d ON d.endpoint_id = endpoint.id WHERE d.text = 'מאותו מספר'"
    )
    assert key == desk.whatsapp.endpoints[0].key


async def test_a_double_click_sends_once(desk):
    conversation = await desk.conversation_of()

    await asyncio.gather(*(act(desk, conversation, "messages", text="פעם אחת") for _ in range(8)))

    assert len(await outbound(desk)) == 1


async def test_a_mail_is_answered_in_its_thread(desk):
    await desk.mail("Where is it?", sender="rami@example.com", subject="My order")
    conversation = await desk.conversation_of("mailto:rami@example.com")

    await act(desk, conversation, "messages", text="On its way")

    [message] = await outbound(desk)
    inbound = await desk.pool.fetchval("SELECT id FROM message WHERE channel = 'email' AND direction = 'inbound'")
    assert (message["subject"], message["answers_id"]) == ("Re: My order", inbound)


async def test_an_unverified_sender_is_shown_as_such_with_the_real_address(desk):
    await desk.mail("Hi", sender="rami@example.com", subject="x", verification=Verification.UNALIGNED)

    page = await show(desk, f"/conversations/{await desk.conversation_of('mailto:rami@example.com')}")

    assert "Unverified sender" in page
    assert "rami@example.com" in page


async def test_the_whole_mail_is_one_click_away(desk):
    whole = "Thanks\n\nOn Monday someone wrote:\n> the quoted part"
    await desk.mail("Thanks", sender="rami@example.com", subject="x", full=whole)

    page = await show(desk, f"/conversations/{await desk.conversation_of('mailto:rami@example.com')}")

    assert re.search(r"<details class=\"whole\".*the quoted part", page, re.DOTALL)


async def test_a_text_without_end_opens_as_plain_text(desk):
    await desk.mail("x" * 30_000, sender="rami@example.com", subject="x")
    message = await desk.pool.fetchval("SELECT id FROM message WHERE channel = 'email' AND direction = 'inbound'")

    page = await show(desk, f"/conversations/{await desk.conversation_of('mailto:rami@example.com')}")
    answer = await desk.client.get(f"/messages/{message}/text")

    assert "x" * 10_000 not in page
    assert await answer.text() == "x" * 30_000
    assert answer.content_type == "text/plain"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<script>alert(1)</script>", id="markup"),
        pytest.param("{{ 7 * 7 }} {% raw %}", id="our own template language"),
        pytest.param('"><img src=x onerror=alert(1)>', id="out of an attribute"),
        pytest.param("\u202eevil\u202c \u2066", id="direction marks"),
    ],
)
async def test_what_a_customer_writes_is_shown_and_never_run(desk, text):
    await desk.whatsapp_text(text, name=text)

    page = await show(desk, f"/conversations/{await desk.conversation_of()}")

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "49" not in re.findall(r'<div class="text" dir="auto">(.*?)</div>', page)
    assert await desk.pool.fetchval("SELECT text FROM message WHERE channel = 'whatsapp' LIMIT 1") == text


async def test_a_note_is_kept_and_never_sent(desk):
    conversation = await desk.conversation_of()
    owed = await desk.pool.fetchval("SELECT count(*) FROM delivery")

    await act(desk, conversation, "messages", mode="note", text="לבדוק במחסן")
    await act(desk, conversation, "messages", mode="note", text="לבדוק במחסן")

    assert await desk.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'note'") == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM delivery") == owed
    assert "לבדוק במחסן" in await show(desk, f"/conversations/{conversation}")


@pytest.mark.parametrize("how", ["take", "messages"])
async def test_the_bot_is_silent_from_the_moment_a_person_has_the_case_until_it_is_resolved(desk, how):
    conversation = await desk.conversation_of()
    automatic = "SELECT count(*) FROM message WHERE author = 'gateway'"
    await act(desk, conversation, how, text="אני כאן")
    before = await desk.pool.fetchval(automatic)

    await desk.text("איך אני מאפס סיסמה?")
    assert await desk.pool.fetchval(automatic) == before

    await act(desk, conversation, "resolve")
    await desk.text("איך אני מאפס סיסמה?")
    assert await desk.pool.fetchval(automatic) == before + 1


async def test_answering_where_nobody_asked_for_a_person_takes_the_conversation_too(office):
    await office.text("איך אני מאפס סיסמה?")
    await office.hire(Role.AGENT)
    await office.log_in()
    conversation = await office.conversation_of()
    await act(office, conversation, "messages", text="הצליח לך?")

    await office.text("מה שעות הפתיחה?")

    assert await office.pool.fetchval("SELECT count(*) FROM message WHERE author = 'gateway'") == 1
    case = await office.pool.fetchrow("SELECT * FROM service_case")
    assert case["person_spoke_at"] is not None
    assert case["assignee_id"] == await office.pool.fetchval("SELECT id FROM agent WHERE email = 'noa@example.com'")


async def test_a_resolved_case_can_be_opened_again(desk):
    conversation = await desk.conversation_of()
    for what, status in (("resolve", "resolved"), ("reopen", "open")):
        await act(desk, conversation, what)
        assert await desk.pool.fetchval("SELECT status FROM service_case") == status
    steps = [row["what"] for row in await desk.pool.fetch("SELECT what FROM case_event ORDER BY id")]
    assert steps == ["opened", "resolved", "open"]


async def test_who_opted_out_cannot_be_written_to_and_the_screen_says_why(desk):
    await desk.text("הסר")
    conversation = await desk.conversation_of()

    page = await show(desk, f"/conversations/{conversation}")
    answer = await act(desk, conversation, "messages", text="רק עוד דבר אחד")

    assert "The customer opted out" in page
    assert answer.status == 409
    assert "רק עוד דבר אחד" in await answer.text()
    assert await outbound(desk) == []


async def test_a_closed_whatsapp_window_is_told_before_sending(desk):
    await desk.whatsapp_text("שלום")
    await desk.pool.execute("UPDATE address_window SET last_inbound_at = now() - interval '25 hours'")

    page = await show(desk, f"/conversations/{await desk.conversation_of()}")

    assert "24 hours have passed" in page
    assert re.search(r'value="sms:\d+" data-channel="sms" checked', page)


async def test_the_list_shows_what_is_unread_until_it_is_opened(desk):
    conversation = await desk.conversation_of()

    assert "row--unread" in await show(desk, "/")
    await show(desk, f"/conversations/{conversation}")
    assert "row--unread" not in await show(desk, "/")
    await desk.text("ועוד משהו")
    assert "row--unread" in await show(desk, "/")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("050-123-4567", id="a phone as people write it"),
        pytest.param("+972 50 123 4567", id="a phone with its country"),
        pytest.param("דנה", id="part of a name"),
        pytest.param("case", id="the case number"),
    ],
)
async def test_a_conversation_is_found(desk, words):
    await desk.whatsapp_text("שלום")
    if words == "case":
        words = await desk.pool.fetchval("SELECT number FROM service_case")

    answer = await desk.client.get("/inbox/list", params={"q": words})

    assert f"/conversations/{await desk.conversation_of()}" in await answer.text()


async def test_nothing_is_found_by_wildcards(desk):
    answer = await desk.client.get("/inbox/list", params={"q": "%"})

    assert "No such conversation" in await answer.text()


async def test_a_merged_thread_opens_under_its_old_address(desk):
    await desk.text("מטלפון אחר", sender="+972502222222")
    old, new = await desk.conversation_of(), await desk.conversation_of("tel:+972502222222")
    contacts = [
        await desk.pool.fetchval("SELECT contact_id FROM conversation WHERE id = $1", each) for each in (old, new)
    ]
    await merging.merge_by_agent(desk.pool, *contacts, actor="agent:1")

    page = await show(desk, f"/conversations/{old}")

    assert STRANGE in page
    assert "מטלפון אחר" in page


async def test_a_file_is_only_ever_a_download(desk):
    digest = await desk.services.files.write(b"<script>alert(1)</script>")
    message = await desk.pool.fetchrow("SELECT id, contact_id FROM message LIMIT 1")
    file = await desk.pool.fetchval(
        "INSERT INTO attachment (message_id, contact_id, filename, media_type, sha256, state)"
        " VALUES ($1, $2, $3, 'text/html', $4, 'stored') RETURNING id",
        message["id"],
        message["contact_id"],
        "../חשבונית\u202e.html",
        digest,
    )

    answer = await desk.client.get(f"/attachments/{file}")

    assert await answer.read() == b"<script>alert(1)</script>"
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''_%D7%97")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("חשבונית.pdf", "חשבונית.pdf"),
        pytest.param("../../etc/passwd", "_.._etc_passwd", id="a path"),
        pytest.param("a.jpg\u202eexe", "a.jpgexe", id="a turned ending"),
        pytest.param("\u200b.htaccess", "htaccess", id="a dot behind an invisible mark"),
        pytest.param("a\0b\r\nc", "abc", id="control characters"),
        pytest.param("C:\\x\\y.doc", "C__x_y.doc", id="a drive"),
    ],
)
def test_a_file_name_leads_nowhere(name, safe):
    assert safe_name(name) == safe


async def test_segments_are_counted_as_they_will_be_billed(desk):
    form = {"csrf": await desk.csrf(), "text": "ש" * 71}

    answer = await desk.client.post("/segments", data=form)

    assert "2 SMS segments" in await answer.text()
    assert "UCS-2" in await answer.text()


@pytest.mark.parametrize("path", ["/", "/conversations/{id}", "/inbox/list", "/help"])
async def test_odd_characters_are_never_our_fault(desk, path):
    path = path.format(id=await desk.conversation_of())
    for query in ("q=%00", "q=%ff%fe", "cursor=%00", "view=%00", "lang=%00", "way=%00", "before=9" + "9" * 40):
        assert (await desk.client.get(f"{path}?{query}")).status < 500, query


async def test_a_nul_in_a_reply_is_dropped(desk):
    await act(desk, await desk.conversation_of(), "messages", text="a\0b")

    assert [each["text"] for each in await outbound(desk)] == ["ab"]
