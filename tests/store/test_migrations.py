"""Upgrades expand and contract: the app before works on the schema after, until a migration says it contracts."""

import re
from pathlib import Path

import asyncpg
import pytest

from gateway.domain.errors import ConfigurationError
from gateway.store.migrate import migrate

MIGRATIONS = sorted((Path(__file__).parents[2] / "gateway" / "store" / "migrations").glob("*.sql"))
# What an app that runs right now could trip over. Dropping an index, a default or a foreign key only loosens.
BREAKING = {
    "drops a table or column": r"\bDROP\s+(TABLE|COLUMN|TYPE|FUNCTION|VIEW)\b",
    "drops a column, in short": r"\bDROP\s+(?!INDEX|CONSTRAINT|NOT\s+NULL|DEFAULT|TABLE|COLUMN|TYPE|FUNCTION|VIEW)\w",
    "renames": r"\bRENAME\b",
    "changes a type": r"\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b",
    "demands what old rows lack": r"\bSET\s+NOT\s+NULL\b",
    "adds a column that old writers leave out": r"\bADD\s+COLUMN\b(?![^;,]*\bDEFAULT\b)[^;,]*\bNOT\s+NULL\b",
}
# Migrations that contract, each with the version that no longer needs what they take away: {"0009_name": "0.4"}.
CONTRACTS: dict[str, str] = {}


def statements(sql: str) -> str:
    return re.sub(r"--[^\n]*|'[^']*'", "", sql).upper()


@pytest.mark.parametrize("path", MIGRATIONS[1:], ids=lambda path: path.stem)
@pytest.mark.parametrize("what", BREAKING)
def test_a_migration_only_adds_unless_it_is_listed_as_a_contraction(path, what):
    if path.stem not in CONTRACTS:
        assert re.search(BREAKING[what], statements(path.read_text())) is None


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        pytest.param("ALTER TABLE a DROP COLUMN b;", "drops a table or column", id="drop column"),
        pytest.param("ALTER TABLE a DROP b;", "drops a column, in short", id="drop, in short"),
        pytest.param("ALTER TABLE a RENAME COLUMN b TO c;", "renames", id="rename"),
        pytest.param("ALTER TABLE a ALTER COLUMN b TYPE bigint;", "changes a type", id="type"),
        pytest.param("ALTER TABLE a ALTER b SET NOT NULL;", "demands what old rows lack", id="not null later"),
        pytest.param(
            "ALTER TABLE a ADD COLUMN b text NOT NULL;", "adds a column that old writers leave out", id="no default"
        ),
    ],
)
def test_what_would_break_a_running_app_is_recognised(sql, what):
    assert re.search(BREAKING[what], statements(sql))


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT 'x';", id="a column with a default"),
        pytest.param("ALTER TABLE a ADD COLUMN b text;", id="an optional column"),
        pytest.param("DROP INDEX i; -- RENAME nothing", id="an index, and words in a comment"),
    ],
)
def test_what_breaks_nobody_is_let_through(sql):
    assert not [what for what, pattern in BREAKING.items() if re.search(pattern, statements(sql))]


async def test_an_older_eshnav_refuses_a_newer_database_and_says_why(pool, database_url):
    await pool.execute("INSERT INTO migration (name) VALUES ('9999_from_the_future')")
    with pytest.raises(ConfigurationError, match="newer Eshnav"):
        await migrate(database_url)
    await pool.execute("DELETE FROM migration WHERE name = '9999_from_the_future'")


async def test_several_processes_may_migrate_at_once(database_url):
    import asyncio

    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE DATABASE eshnav_fresh")
    url = database_url.replace("/eshnav?", "/eshnav_fresh?")
    try:
        applied = await asyncio.gather(*(migrate(url) for _ in range(3)))
        assert sorted(map(len, applied)) == [0, 0, len(MIGRATIONS)]
    finally:
        await connection.execute("DROP DATABASE eshnav_fresh")
        await connection.close()
