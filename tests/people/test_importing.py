"""Imports: people and knowledge from files, where one bad row never stops the others."""

import pytest

from gateway.domain.errors import Refused
from gateway.knowledge.importing import read_articles, store_articles
from gateway.people.importing import read_contacts, store_contacts


async def imported(pool, content: bytes):
    rows, rejected = read_contacts(content, region="IL")
    return await store_contacts(pool, rows), rejected


async def people(pool) -> list[tuple[str, str, int]]:
    rows = await pool.fetch(
        "SELECT contact.name, uri, contact.id FROM address JOIN contact ON contact.id = contact_id ORDER BY uri"
    )
    return [tuple(row) for row in rows]


async def test_a_phone_and_a_mailbox_in_one_row_are_one_person(pool):
    outcome, rejected = await imported(pool, "name,phone,email\nדנה,050-123-4567,Dana@Example.com\n".encode())
    (name, first, one), (_, second, other) = await people(pool)
    assert (name, first, second) == ("דנה", "mailto:dana@example.com", "tel:+972501234567")
    assert one == other
    assert (outcome.created, outcome.known, rejected) == (1, 0, [])


async def test_importing_again_changes_nothing(pool):
    content = b"phone,email,name\n0501234567,dana@example.com,Dana\n"
    await imported(pool, content)
    before = await people(pool)
    outcome, _ = await imported(pool, content)
    assert await people(pool) == before
    assert (outcome.created, outcome.known, outcome.merged) == (0, 1, 0)


async def test_two_known_contacts_that_a_row_names_as_one_are_merged(pool):
    await imported(pool, b"phone\n0501234567\n")
    await imported(pool, b"email\ndana@example.com\n")
    outcome, _ = await imported(pool, b"phone,email\n0501234567,dana@example.com\n")
    assert outcome.merged == 1
    assert len({contact for _, _, contact in await people(pool)}) == 1


async def test_two_rows_of_one_file_may_share_an_address(pool):
    outcome, _ = await imported(pool, b"phone,email\n0501234567,a@b.co\n0521234567,a@b.co\n,a@b.co\n")
    assert len({contact for _, _, contact in await people(pool)}) == 1
    assert outcome.rejected == ()


async def test_bad_rows_are_said_by_line_and_the_others_go_in(pool):
    outcome, rejected = await imported(pool, b"phone,email\n0501234567,\n12,\n,\n,nobody\n0521234567,x@y.co\n")
    assert [rejection.line for rejection in rejected] == [3, 4, 5]
    assert outcome.created == 2


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeffשם,טלפון\nדנה,0501234567\n".encode(), id="a byte order mark and Hebrew headings"),
        pytest.param("שם,טלפון\r\nדנה,0501234567\r\n".encode("cp1255"), id="as a spreadsheet in Hebrew writes it"),
        pytest.param("PHONE , Name\n+972501234567,דנה\n".encode(), id="other case, order and spaces"),
    ],
)
def test_files_as_people_have_them_are_read(content):
    (row,), rejected = read_contacts(content, region="IL")
    assert (row.name, str(row.addresses[0]), rejected) == ("דנה", "tel:+972501234567", [])


def test_a_file_with_neither_phone_nor_email_is_refused():
    with pytest.raises(Refused, match="phone or email"):
        read_contacts(b"name,city\nDana,Haifa\n", region="IL")


ARTICLE = '[[article]]\nkey = "hours"\n[article.he]\ntitle = "שעות"\nanswer = "9 עד 17"\nvariants = ["מתי פתוח"]\n'


async def test_knowledge_is_added_and_then_replaced_by_its_key(pool):
    assert await store_articles(pool, read_articles(ARTICLE.encode())) == (1, 0)
    version = await pool.fetchval("SELECT version FROM knowledge_version")
    assert await store_articles(pool, read_articles(ARTICLE.replace("17", "18").encode())) == (0, 1)
    assert await pool.fetchval("SELECT answer FROM article_text") == "9 עד 18"
    assert await pool.fetchval("SELECT version FROM knowledge_version") > version


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("", r"no \[\[article\]\]", id="an empty file"),
        pytest.param("[[article]]\ncategory = 'x'", "needs a key", id="no key"),
        pytest.param("[[article]]\nkey = 'x'", "at least one of the languages", id="no text"),
        pytest.param("[[article]]\nkey = 'x'\n[article.fr]\ntitle = 'y'", "languages", id="a language we do not speak"),
        pytest.param(ARTICLE + ARTICLE, "same key", id="one key twice"),
        pytest.param(ARTICLE.replace('["מתי פתוח"]', '"מתי"'), "list of questions", id="a variant that is no list"),
        pytest.param("key = ", "not a TOML file", id="not TOML"),
    ],
)
def test_a_knowledge_file_that_cannot_be_is_refused_whole(content, complaint):
    with pytest.raises(Refused, match=complaint):
        read_articles(content.encode())
