"""The pages beside the inbox: operations, help, unsubscribing, probes, and the words on all of them."""

import re

from web_kit import PHONE, STRANGE, show

from gateway.domain.agents import Role
from gateway.domain.language import Language
from gateway.people.unsubscribing import sign
from gateway.web.pages import i18n


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


def test_both_languages_say_the_same_things():
    hebrew, english = i18n.catalogue(Language.HEBREW), i18n.catalogue(Language.ENGLISH)

    assert hebrew.keys() == english.keys()
    holes = {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in hebrew.items()}
    assert {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in english.items()} == holes


async def test_probes_tell_what_is_away(office):
    ready = await (await office.client.get("/readyz")).json()
    figures = await (await office.client.get("/metrics")).text()

    assert ready == {"status": "ok", "database": "ok", "redis": "ok", "spool": 0}
    assert 'eshnav_outbox_depth{lane="reply"} 0.0' in figures
    assert PHONE not in figures
