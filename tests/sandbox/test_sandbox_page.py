"""The page at /sandbox in a real browser: writing, tapping, reading mail and failing, in both directions of writing."""

import re
import shutil
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from playwright.async_api import async_playwright, expect

CHROMIUM = shutil.which("chromium")
DANA = "+972501234567"
STATIC = Path(__file__).parents[2] / "gateway" / "sandbox" / "page" / "static"


@pytest.fixture(scope="session")
async def browser():
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        await chromium.close()


@pytest.fixture
def troubles():
    return []


@pytest.fixture
async def page(browser, sandbox, troubles):
    context = await browser.new_context(locale="he-IL", viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(sandbox.url) else troubles.append(sent.url))
    await page.goto(f"{sandbox.url}/sandbox")
    await expect(page.locator(".live-text")).to_have_text("מחובר")
    yield page
    await context.close()


async def test_a_text_goes_out_and_its_answer_appears_with_a_tick(page, sandbox, product, troubles):
    phone = page.locator('[data-phone="0"]')
    await phone.locator("textarea").fill("איפה ההזמנה שלי?")
    await phone.locator("textarea").press("Enter")
    await product.webhooks_at("/webhooks/twilio/message", 1)
    await sandbox.send_sms(Body="ההזמנה בדרך <b>אליך</b>")
    answer = phone.locator(".said.theirs")
    await expect(answer.locator(".text")).to_have_text("ההזמנה בדרך <b>אליך</b>")
    await expect(answer.locator(".tick")).to_have_attribute("aria-label", "נמסר")
    await expect(phone.locator(".said.mine .tick")).to_have_attribute("aria-label", "התקבל")
    assert troubles == []


@pytest.mark.parametrize("button", ["עברית", "English"])
async def test_own_words_stay_on_the_writers_side(page, sandbox, button):
    if button == "English":
        await page.click("#language")
    await sandbox.play("sms", {"from": DANA, "text": "hello"})
    await sandbox.send_sms()
    phone = page.locator('[data-phone="0"]')
    await expect(phone.locator(".said.theirs .tick")).to_have_attribute("aria-label", re.compile("נמסר|delivered"))
    mine = await phone.locator(".said.mine .bubble").bounding_box()
    theirs = await phone.locator(".said.theirs .bubble").bounding_box()
    is_rtl = await page.evaluate("document.documentElement.dir") == "rtl"
    assert is_rtl == (button == "עברית")
    assert (mine["x"] < theirs["x"]) == is_rtl


async def test_reading_happens_by_looking_and_a_list_row_can_be_tapped(page, sandbox, product):
    phone = page.locator('[data-phone="0"]')
    await phone.locator('[role=tab][data-channel="cloud"]').click()
    await sandbox.play("cloud", {"from": DANA, "text": "hi"})
    rows = [{"id": "orders", "title": "הזמנות"}, {"id": "bills", "title": "חשבונות"}]
    action = {"button": "בחירה", "sections": [{"title": "הכול", "rows": rows}]}
    content = {"type": "list", "body": {"text": "במה לעזור?"}, "action": action}
    _, sent = await sandbox.send_cloud(type="interactive", interactive=content)
    await expect(phone.locator(".said.theirs .tick")).to_have_attribute("aria-label", "נקרא")
    await phone.locator(".choice").click()
    await page.locator(".list-row", has_text="חשבונות").click()
    await expect(phone.locator(".said.mine .text").last).to_have_text("חשבונות")
    told = [webhook.body.decode() for webhook in product.webhooks if b"list_reply" in webhook.body]
    assert len(told) == 1
    assert sent["messages"][0]["id"] in told[0]


async def test_a_mail_is_read_and_answered_and_a_refusal_is_shown(page, sandbox, product):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "support@help.example", "dana@example.com", "פנייה 7"
    mail["Message-ID"] = "<7@help.example>"
    mail.set_content("קיבלנו.\n")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=sandbox.world.smtp_port, start_tls=False)
    mailbox = page.locator("#mailbox")
    await mailbox.locator(".mail-row").click()
    await expect(mailbox.locator(".mail-text")).to_have_text("קיבלנו.")
    await mailbox.locator(".mail-reader .strong").click()
    await mailbox.locator("[name=text]").fill("תודה")
    product.smtp_answer = "550 5.7.1 No thanks"
    await mailbox.locator("[type=submit]").click()
    await expect(mailbox.locator(".mail-form .refusal")).to_contain_text("550 5.7.1 No thanks")
    product.smtp_answer = "250 OK"
    await mailbox.locator("[type=submit]").click()
    ((_, _, raw),) = await product.mails_in(1)
    assert b"In-Reply-To: <7@help.example>" in raw


async def test_a_fault_is_set_from_the_drawer(page, sandbox):
    await page.click("#open-faults")
    await page.select_option("#fault-form [name=kind]", "throttle")
    await page.locator("#fault-form [type=submit]").click()
    await expect(page.locator(".waiting li")).to_contain_text("Twilio")
    assert (await sandbox.send_sms())[0] == 429


@pytest.mark.parametrize("width", [320, 390, 760, 1000, 1440])
async def test_nothing_sticks_out_at_any_width(page, width):
    await page.set_viewport_size({"width": width, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_word_exists_in_both_languages_and_is_asked_for_by_a_known_name():
    words = dict(re.findall(r'(\w+): \[("[^"]*", "[^"]*")\]', (STATIC / "words.js").read_text()))
    sources = "".join(path.read_text() for path in STATIC.iterdir())
    asked = set(re.findall(r'data-t(?:-label|-placeholder)?="(\w+)"', sources)) | set(
        re.findall(r'\bt\("(\w+)"\)', sources)
    )
    assert asked <= set(words)
    for name, pair in words.items():
        english, hebrew = pair[1:-1].split('", "')
        assert english, name
        assert hebrew, name


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere():
    html = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
