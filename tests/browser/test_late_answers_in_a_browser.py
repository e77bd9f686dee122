"""What comes late: news from before the stream was open, and answers for a conversation no longer shown."""

from browser_kit import held, open_inbox
from playwright.async_api import expect

from gateway.domain.agents import Role

STRANGE = "הכלב שלי אכל את השלט של הממיר"
UPPER, LOWER = "+972507654301", "+972507654300"


async def open_upper(office, browser):
    """The inbox with two conversations, the upper one opened."""
    for sender in (LOWER, UPPER):
        await office.text(STRANGE, sender=sender)
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)
    await page.keyboard.press("KeyJ")
    await expect(page.locator(".thread__head h2")).to_have_text(UPPER)
    return page


async def test_what_happened_before_the_stream_was_open_is_shown(office, browser):
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)

    async with held(page, "/live$"):
        await page.reload()
        await expect(page.locator(".rows__none")).to_be_visible()
        await office.text(STRANGE)

    await expect(page.locator(".row")).to_contain_text("+972501234567")


async def test_a_late_refresh_does_not_put_one_contact_beside_the_other(office, browser):
    page = await open_upper(office, browser)

    async with held(page, r"/conversations/\d+/thread"):
        async with page.expect_request("**/thread**"):
            await office.text(STRANGE, sender=UPPER)
        await page.keyboard.press("KeyJ")
        await expect(page.locator(".thread__head h2")).to_have_text(LOWER)
        late = page.expect_event("requestfinished", lambda asked: "/thread" in asked.url)
    async with late:
        pass
    await page.wait_for_timeout(200)  # Dropping it leaves no trace to wait for.

    await expect(page.locator("#panel .address")).to_have_text(LOWER)
    await expect(page.locator("#ways bdi")).to_have_text(LOWER)


async def test_what_is_sent_while_leaving_is_no_draft_any_more(office, browser):
    page = await open_upper(office, browser)
    await page.fill("#text", "sent already")

    async with held(page, r"/conversations/\d+/messages"):
        async with page.expect_request("**/messages"):
            await page.keyboard.press("Control+Enter")
        await page.keyboard.press("Escape")
        await page.keyboard.press("KeyJ")
        await expect(page.locator(".thread__head h2")).to_have_text(LOWER)
        await page.fill("#text", "half a thought")

    await expect(page.locator("#announcer")).to_have_text("Sent")
    await expect(page.locator("#text")).to_have_value("half a thought")
    await expect(page.locator("#panel .address")).to_have_text(LOWER)
    await page.keyboard.press("Escape")
    await page.keyboard.press("KeyK")
    await expect(page.locator(".entry--ours")).to_contain_text("sent already")
    await expect(page.locator("#text")).to_have_value("")
