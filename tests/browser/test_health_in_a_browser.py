"""The health page as operations meet it: it changes by itself, in both languages, wide and on a phone."""

import people
import pytest
from browser_kit import open_inbox
from playwright.async_api import expect

from gateway.domain.agents import Role
from gateway.domain.outbox import Lane
from gateway.operations import restore_guard


@pytest.mark.parametrize(("language", "width"), [("he", 1440), ("en", 390)])
async def test_it_changes_by_itself_and_nothing_overflows(office, browser, language, width):
    await office.hire(Role.OPERATIONS, language=language)
    await office.text("שלום")
    endpoint_id = await office.pool.fetchval("SELECT endpoint_id FROM message WHERE direction = 'inbound'")
    await people.flood(office.pool, endpoint_id, 30, status="sent")
    await people.flood(office.pool, endpoint_id, 3, status="failed")
    await office.pool.execute(
        "UPDATE endpoint SET paused_until = now() + interval '5 minutes', paused_reason = 'unreachable' WHERE id = $1",
        endpoint_id,
    )
    page = await open_inbox(office, browser, width=width, height=1000)
    await page.goto(str(office.client.make_url("/operations")))
    await page.locator('a[href="/operations/health"]').click()
    lanes = page.locator("section[aria-labelledby=outbox-title] tbody tr")
    await expect(lanes.nth(2)).to_contain_text("0")

    await people.flood(office.pool, endpoint_id, 77, lane=Lane.BULK)
    await expect(lanes.nth(2)).to_contain_text("77")
    await restore_guard.hold(office.pool)
    await expect(page.locator("#held-title")).to_contain_text("78")
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert await page.evaluate("document.documentElement.dir") == ("rtl" if language == "he" else "ltr")
    await page.locator('form[action="/operations/health/discard"] button').click()
    await expect(page.locator("#held-title")).to_have_count(0)
    assert page.complaints == []
