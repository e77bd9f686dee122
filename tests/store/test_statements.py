"""Every named statement is one that PostgreSQL understands, on the schema the migrations make."""

import re

import pytest

from gateway.store.db import QUERIES, statements

NOUNS = sorted(file.stem for file in QUERIES.glob("*.sql"))


@pytest.mark.parametrize("noun", NOUNS)
async def test_postgresql_understands_every_statement(pool, noun):
    loaded = statements(noun)
    names = [name for name in loaded.available_queries if not name.endswith("_cursor")]
    assert names
    async with pool.acquire() as connection:
        for name in names:
            await connection.prepare(getattr(loaded, name).sql)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_statement_is_called_by_its_name(noun):
    store = "".join(file.read_text() for file in QUERIES.parent.glob("*.py"))
    names = re.findall(r"^-- name: (\w+)", (QUERIES / f"{noun}.sql").read_text(), re.MULTILINE)
    assert [name for name in names if f".{name}(" not in store] == []
