"""The agents' screens: one thread, sending with and without scripts, and who speaks when."""

import asyncio
import re

import pytest
from web_kit import PHONE

from gateway.bell import Bell, connect
from gateway.domain.agent import Role
from gateway.domain.event import Verification
from gateway.domain.language import Language
from gateway.usecases import identity
from gateway.usecases.unsubscribe import sign
from gateway.web import words
from gateway.web.attachments import safe_name
from gateway.web.news import EVERYTHING, LONGEST_QUEUE, News

STRANGE = "הכלב שלי אכל את השלט של הממיר ועכשיו הטלוויזיה מדברת סינית"


@pytest.fixture
async def desk(office):
    """An office with an agent at work and a customer waiting."""
    await office.text(STRANGE)
    await office.hire(Role.AGENT)
    await office.log_in()
    return office


async def act(office, conversation, what, **form):
    form = {"csrf": await office.csrf(), "mode": "reply", "key": "key-1"} | form
    return await office.client.post(f"/conversations/{conversation}/{what}", data=form, allow_redirects=False)


async def show(office, path) -> str:
    answer = await office.client.get(path)
    assert answer.status == 200, path
    return await answer.text()


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
    await identity.merge_by_agent(desk.pool, *contacts, actor="agent:1")

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


async def test_news_reach_an_open_screen_at_once(desk):
    answer = await desk.client.get("/live")
    assert answer.content_type == "text/event-stream"
    conversation = await desk.conversation_of()
    await asyncio.sleep(0.3)

    await desk.text("ועוד משהו")

    async with asyncio.timeout(2):
        while f"data: {conversation}\n".encode() != (line := await answer.content.readline()):
            assert line
    answer.close()


async def test_without_redis_news_come_from_the_database(desk, monkeypatch):
    monkeypatch.setattr("gateway.web.news.POLL_SECONDS", 0.05)
    unheard = News(desk.pool, Bell(None))
    with unheard.screen() as queue:
        polling = asyncio.create_task(unheard.poll())
        await asyncio.sleep(0.2)
        await desk.text("ועוד משהו")
        async with asyncio.timeout(2):
            assert await queue.get() == (await desk.conversation_of(),)
        polling.cancel()


async def test_while_redis_is_away_screens_look_at_everything_again(desk, monkeypatch):
    monkeypatch.setattr("gateway.web.news.POLL_SECONDS", 0.05)
    away = News(desk.pool, Bell(None), connect("redis://127.0.0.1:1"))
    with away.screen() as queue:
        polling = asyncio.create_task(away.poll())
        async with asyncio.timeout(3):
            assert await queue.get() == EVERYTHING
        polling.cancel()


async def test_a_screen_that_cannot_keep_up_is_told_to_look_at_everything(desk):
    with desk.services.news.screen() as queue:
        for number in range(LONGEST_QUEUE + 5):
            desk.services.news.tell((number,))
        assert queue.qsize() <= LONGEST_QUEUE
        assert await queue.get() == EVERYTHING


async def test_a_session_that_ended_ends_its_stream(desk, monkeypatch):
    monkeypatch.setattr("gateway.web.live.BEAT_SECONDS", 0.05)
    answer = await desk.client.get("/live")
    await desk.pool.execute("DELETE FROM agent_session")

    async with asyncio.timeout(3):
        await answer.content.read()


async def test_segments_are_counted_as_they_will_be_billed(desk):
    form = {"csrf": await desk.csrf(), "text": "ש" * 71}

    answer = await desk.client.post("/segments", data=form)

    assert "2 SMS segments" in await answer.text()
    assert "UCS-2" in await answer.text()


async def test_operations_see_what_went_wrong_and_send_it_again(office):
    await office.hire(Role.OPERATIONS)
    await office.log_in()
    await office.text("איך אני מאפס סיסמה?")
    await office.pool.execute("UPDATE delivery SET status = 'failed', reason = 'the phone is away'")
    delivery = await office.pool.fetchval("SELECT id FROM delivery")
    await office.pool.execute(
        "INSERT INTO raw_payload (source, body, received_at, problem) VALUES ('twilio', '\\xff00', now(), 'odd')"
    )

    page = await show(office, "/operations")
    await office.client.post(f"/operations/deliveries/{delivery}/replay", data={"csrf": await office.csrf()})
    raw = await office.pool.fetchval("SELECT id FROM raw_payload WHERE problem = 'odd'")
    await office.client.post(f"/operations/problems/{raw}/handled", data={"csrf": await office.csrf()})

    assert "the phone is away" in page
    assert "odd" in page
    assert await office.pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'queued'") == 1
    assert "odd" not in await show(office, "/operations")


async def test_customers_search_the_help_page_without_a_login(office):
    hebrew = await show(office, "/help?lang=he&q=שכחתי סיסמה")
    english = await show(office, "/help?lang=en")

    assert 'dir="rtl"' in hebrew
    assert "שכחתי סיסמה" in hebrew
    assert "Reset my password" in english


async def test_a_link_in_a_mail_unsubscribes_only_when_somebody_says_so(office):
    await office.text(STRANGE)
    address = await office.pool.fetchval("SELECT id FROM address")
    link = f"/unsubscribe/{sign(office.services.settings.derived_secret('unsubscribe'), address)}"
    state = "SELECT opted_out FROM address"

    await show(office, link)
    assert await office.pool.fetchval(state) == []
    answer = await office.client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status == 200
    assert await office.pool.fetchval(state) == ["marketing", "notice", "survey"]
    assert (await office.client.post(link[:-2] + "xx")).status == 404


@pytest.mark.parametrize("path", ["/", "/conversations/{id}", "/inbox/list", "/help"])
async def test_odd_characters_are_never_our_fault(desk, path):
    path = path.format(id=await desk.conversation_of())
    for query in ("q=%00", "q=%ff%fe", "cursor=%00", "view=%00", "lang=%00", "way=%00", "before=9" + "9" * 40):
        assert (await desk.client.get(f"{path}?{query}")).status < 500, query


async def test_a_nul_in_a_reply_is_dropped(desk):
    await act(desk, await desk.conversation_of(), "messages", text="a\0b")

    assert [each["text"] for each in await outbound(desk)] == ["ab"]


def test_both_languages_say_the_same_things():
    hebrew, english = words.catalogue(Language.HEBREW), words.catalogue(Language.ENGLISH)

    assert hebrew.keys() == english.keys()
    holes = {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in hebrew.items()}
    assert {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in english.items()} == holes


async def test_probes_tell_what_is_away(office):
    ready = await (await office.client.get("/readyz")).json()
    figures = await (await office.client.get("/metrics")).text()

    assert ready == {"status": "ok", "database": "ok", "redis": "ok", "spool": 0}
    assert 'eshnav_outbox_depth{lane="reply"} 0.0' in figures
    assert PHONE not in figures
