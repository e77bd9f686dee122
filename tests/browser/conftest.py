"""A real browser against a running application; Chromium comes from the system, never from a download."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright
from web_kit import Office, running_office


@pytest.fixture
async def office(pool, redis_url, tmp_path) -> AsyncIterator[Office]:
    async with running_office(pool, redis_url, tmp_path) as office:
        yield office


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, as the machine has it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        await browser.close()
