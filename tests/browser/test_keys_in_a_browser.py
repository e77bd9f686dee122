"""Keys pressed faster than the screen follows: none is lost, and each does what it says to what was selected then."""

from browser_kit import held, open_inbox, press
from playwright.async_api import expect

from gateway.domain.agents import Role

STRANGE = "הכלב שלי אכל את השלט של הממיר"
OPENED = r"/conversations/\d+\?view="


def phone(row: int) -> str:
    return f"+97250765430{row}"


async def open_rows(office, browser, count):
    """The inbox with this many conversations, `phone(0)` on top."""
    for row in reversed(range(count)):
        await office.text(STRANGE, sender=phone(row))
    await office.hire(Role.AGENT)
    page = await open_inbox(office, browser)
    await expect(page.locator(".row")).to_have_count(count)
    return page, page.locator(".thread__head h2"), page.locator(".row a[aria-current]")


async def test_every_key_of_a_burst_counts(office, browser):
    page, heading, selected = await open_rows(office, browser, 8)

    await press(page, *["KeyJ"] * 7, *["KeyK"] * 3)

    await expect(selected).to_contain_text(phone(3))
    await expect(heading).to_have_text(phone(3))


async def test_a_key_pressed_as_a_conversation_appears_counts(office, browser):
    """The moment in which a key used to be lost: the screen is changed already, and not yet settled."""
    page, heading, selected = await open_rows(office, browser, 3)
    await page.evaluate(
        """() => {
            const codes = ['KeyJ', 'KeyJ', 'KeyK'];
            document.body.addEventListener('htmx:afterSwap', (event) => {
                if (event.target.id !== 'desk') return;
                window.swaps = (window.swaps ?? 0) + 1;
                const code = codes.shift();
                if (code) document.body.dispatchEvent(new KeyboardEvent('keydown', {code, bubbles: true}));
            });
        }"""
    )
    await press(page, "KeyJ")

    await page.wait_for_function("() => window.swaps === 4")
    await expect(heading).to_have_text(phone(1))
    await expect(selected).to_contain_text(phone(1))


async def test_a_list_that_changes_does_not_move_the_selection(office, browser):
    page, heading, selected = await open_rows(office, browser, 3)

    async with held(page, OPENED):
        await press(page, "KeyJ", "KeyJ")
        await office.text(STRANGE, sender=phone(0))
        await expect(page.locator(".row .count").first).to_have_text("2")
        await expect(selected).to_contain_text(phone(1))
        await press(page, "KeyJ")

    await expect(heading).to_have_text(phone(2))


async def test_a_conversation_that_cannot_be_had_is_not_selected(office, browser):
    page, heading, selected = await open_rows(office, browser, 2)
    await press(page, "KeyJ")
    await expect(heading).to_have_text(phone(0))
    await page.route("**/conversations/*", lambda route: route.abort())

    await press(page, "KeyJ", "KeyE")

    await expect(selected).to_contain_text(phone(0))
    assert await resolved(office) == []


async def test_a_case_is_resolved_in_the_selected_conversation_only(office, browser):
    page, heading, _ = await open_rows(office, browser, 2)
    await press(page, "KeyJ")
    await expect(heading).to_have_text(phone(0))

    await press(page, "KeyJ", "KeyE")

    await expect(heading).to_have_text(phone(1))
    await expect(page.locator("[data-key=resolve]")).to_have_count(0)
    assert await resolved(office) == [f"tel:{phone(1)}"]


async def test_a_note_waits_for_its_conversation_and_its_letters_are_no_shortcuts(office, browser):
    page, heading, _ = await open_rows(office, browser, 2)
    await press(page, "KeyJ")
    await expect(heading).to_have_text(phone(0))

    async with held(page, OPENED):
        await press(page, "KeyJ", "KeyN", "KeyE")
        await expect(page.locator("#mode-note")).not_to_be_checked()

    await expect(heading).to_have_text(phone(1))
    await expect(page.locator("#mode-note")).to_be_checked()
    await expect(page.locator("#text")).to_be_focused()
    assert await resolved(office) == []


async def resolved(office) -> list[str]:
    """The addresses of all whose case was resolved."""
    rows = await office.pool.fetch(
        "SELECT a.uri FROM service_case c JOIN address a USING (contact_id) WHERE c.status = 'resolved'"
    )
    return [row["uri"] for row in rows]
