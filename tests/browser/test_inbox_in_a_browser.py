"""The inbox as an agent meets it: in a real browser, with the keyboard, in both languages, wide and on a phone."""

import re

import pytest
from browser_kit import open_inbox
from playwright.async_api import expect
from web_kit import PASSWORD

from gateway.domain.agents import Role

STRANGE = "הכלב שלי אכל את השלט של הממיר ועכשיו הטלוויזיה מדברת סינית"


async def test_an_agent_logs_in_reads_answers_and_sees_it_delivered(office, browser):
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)
    await expect(page.locator(".rows__none")).to_be_visible()

    await office.text(STRANGE)
    row = page.locator(".row")
    await expect(row).to_contain_text("+972501234567")
    await row.locator("a").click()
    await expect(page.locator(".entry--inbound")).to_contain_text(STRANGE)
    await page.locator(".entry--bot .why summary").click()
    await expect(page.locator(".entry--bot .why")).to_contain_text("No answer in the knowledge base fits")

    await page.fill("#text", "שלום, אני בודקת")
    await expect(page.locator("#segments")).to_contain_text("1 SMS segment")
    await page.keyboard.press("Control+Enter")
    ours = page.locator(".entry--ours")
    await expect(ours).to_contain_text("שלום, אני בודקת")
    await expect(ours.locator(".tick--queued")).to_be_visible()
    await expect(page.locator("#text")).to_have_value("")

    await office.pool.execute("UPDATE delivery SET status = 'delivered' WHERE text = 'שלום, אני בודקת'")
    await office.services.notifier.announce([await office.conversation_of()], "delivery")
    await expect(ours.locator(".tick--delivered")).to_be_visible()
    await expect(page.locator(".entry--bot .why")).to_have_attribute("open", "")

    await office.text("תודה!")
    await expect(page.locator(".entry--inbound").last).to_contain_text("תודה!")
    assert await office.pool.fetchval("SELECT count(*) FROM message WHERE text = 'שלום, אני בודקת'") == 1
    assert page.complaints == []


async def test_the_keyboard_works_with_hebrew_letters_on_the_keys(office, browser):
    for digit in range(3):
        await office.text(f"{STRANGE} {digit}", sender=f"+97250765432{digit}")
    await office.hire(Role.AGENT, language="he")
    page = await open_inbox(office, browser)
    heading = page.locator(".thread__head h2")

    await page.keyboard.press("KeyJ")
    await expect(heading).to_have_text("+972507654322")
    await page.keyboard.press("KeyJ")
    await expect(heading).to_have_text("+972507654321")
    await page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ל', code: 'KeyK', bubbles: true}))"
    )
    await expect(heading).to_have_text("+972507654322")
    await page.keyboard.press("KeyN")
    await expect(page.locator("#mode-note")).to_be_checked()
    await page.keyboard.type("jk")
    await expect(page.locator("#text")).to_have_value("jk")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Shift+Slash")
    await expect(page.locator("#keys")).to_be_visible()


async def test_a_draft_stays_with_its_conversation(office, browser):
    for digit in range(2):
        await office.text(f"{STRANGE} {digit}", sender=f"+97250765432{digit}")
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)
    await page.locator(".row a").first.click()
    await page.fill("#text", "half a thought")
    await page.locator(".row a").last.click()
    await expect(page.locator(".thread__head h2")).to_have_text("+972507654320")
    await expect(page.locator("#text")).to_have_value("")
    await page.locator(".row a").first.click()
    await expect(page.locator("#text")).to_have_value("half a thought")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("half a thought")


async def test_a_refusal_is_said_and_the_words_stay(office, browser):
    await office.text(STRANGE)
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)
    await page.locator(".row a").click()
    await page.fill("#text", "one more thing")
    await office.pool.execute("UPDATE address SET opted_out = '{any}'")
    await page.click("#send")

    await expect(page.locator("#refusal")).to_contain_text("opted out")
    await expect(page.locator("#text")).to_have_value("one more thing")


async def test_what_changes_elsewhere_does_not_touch_what_is_being_typed(office, browser):
    await office.text(STRANGE)
    await office.whatsapp_text("גם כאן")
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)
    await page.locator(".row a").click()
    await page.locator("label", has_text="SMS").click()
    await page.fill("#text", "typing")
    await office.whatsapp_text("ועוד")
    await expect(page.locator(".entry--inbound").last).to_contain_text("ועוד")

    await expect(page.locator("#text")).to_have_value("typing")
    await expect(page.locator("input[name=way]:checked")).to_have_attribute("data-channel", "sms")


async def test_reading_and_sending_work_without_scripts(office, browser):
    await office.text(STRANGE)
    await office.hire(Role.AGENT)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(str(office.client.make_url("/login")))
    await page.fill("#email", "noa@example.com")
    await page.fill("#password", PASSWORD)
    await page.click("button")
    await page.click(".row a")
    await page.fill("#text", "no scripts here")
    await page.click("#send")

    await expect(page.locator(".entry--ours")).to_contain_text("no scripts here")


@pytest.mark.parametrize("language", ["he", "en"])
@pytest.mark.parametrize(
    ("width", "height"),
    [
        pytest.param(1440, 900, id="a desk"),
        pytest.param(720, 450, id="a desk at 200%"),
        pytest.param(390, 844, id="a phone"),
    ],
)
async def test_nothing_runs_off_the_side(office, browser, language, width, height):
    await office.text(STRANGE + " " + "בליהפסקה" * 40 + " https://example.com/" + "x" * 200)
    await office.mail("Hello", sender="rami@example.com", subject="x" * 300)
    await office.hire(Role.ADMIN, language=language)
    page = await open_inbox(office, browser, width=width, height=height)
    ids = [await office.conversation_of(uri) for uri in ("tel:+972501234567", "mailto:rami@example.com")]
    paths = ["/", "/operations", "/account", "/help", *(f"/conversations/{each}" for each in ids)]

    for path in paths:
        await page.goto(str(office.client.make_url(path)))
        overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, path
    await page.goto(str(office.client.make_url(paths[-1])))
    assert await page.evaluate("document.dir") == {"he": "rtl", "en": "ltr"}[language]
    await expect(page.locator("#send")).to_be_in_viewport()


async def test_colours_are_readable_in_light_and_dark(office, browser):
    """WCAG AA: text on its ground, for the pairs the style sheet uses."""
    pairs = [
        ("ink", "ground"), ("ink", "surface"), ("faint", "ground"), ("faint", "surface"), ("faint", "raised"),
        ("accent", "surface"), ("accent", "accent-soft"), ("accent-ink", "accent"), ("bot-ink", "bot"), ("ink", "bot"),
        ("ink", "accent-soft"), ("ink", "note"), ("note-ink", "note"), ("alert", "alert-soft"), ("alert", "ground"),
        ("warn", "warn-soft"), ("warn", "surface"), ("calm", "calm-soft"), ("calm", "ground"), ("read", "ground"),
        ("faint", "accent-soft"),
    ]  # fmt: skip
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme=scheme)
        page = await context.new_page()
        await page.goto(str(office.client.make_url("/login")))
        styles = "getComputedStyle(document.documentElement)"
        for text, ground in pairs:
            colours = await page.evaluate(
                f"[{styles}.getPropertyValue('--{text}'), {styles}.getPropertyValue('--{ground}')]"
            )
            assert contrast(*colours) >= 4.5, f"{text} on {ground} in {scheme}"


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = re.sub(r"^#(.)(.)(.)$", r"#\1\1\2\2\3\3", colour.strip())
    parts = [int(digits[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
