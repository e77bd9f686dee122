"""What the tests in a browser share: an agent in front of the inbox, and keys faster than any person's."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, Route, expect
from web_kit import PASSWORD, Office


async def open_inbox(office: Office, browser: Browser, *, email="noa@example.com", width=1440, height=900) -> Page:
    """Log in and wait until the inbox is loaded: before that no page can hear a key."""
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    page.set_default_timeout(8000)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    await page.goto(str(office.client.make_url("/login")))
    await page.fill("#email", email)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#list")).to_be_visible()
    await page.wait_for_load_state()
    return page


async def press(page: Page, *codes: str) -> None:
    """Press keys within one moment of the page, so that nothing can come between them."""
    await page.evaluate(
        """codes => codes.forEach(code =>
            document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {code, bubbles: true})))""",
        list(codes),
    )


@asynccontextmanager
async def held(page: Page, path: str) -> AsyncIterator[None]:
    """Hold back what the page asks for under a path (a regular expression) until the block ends."""
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route(re.compile(path), hold)
    try:
        yield
    finally:
        let_go.set()
