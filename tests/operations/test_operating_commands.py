"""The commands of operating as a person types them: what they print, what they ask, and how they end."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from gateway.cli.main import app

PEOPLE = "name,phone,email\nDana,050-123-4567,dana@example.org\nNoa,050-765-4321,noa@example.org\n"


@pytest.fixture
def run(pool, database_url, redis_url, tmp_path: Path, monkeypatch):
    """Run a command on the empty test database; gives its exit code and everything it said."""
    assert pool
    for name, value in {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "ESHNAV_DATA": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)

    def typed(*words: str, said: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(word) for word in words], input=said)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return typed


@pytest.fixture
def customers(run, tmp_path: Path):
    (tmp_path / "people.csv").write_text(PEOPLE)
    assert run("import", "contacts", tmp_path / "people.csv")[0] == 0


def ask(sql: str, url: str):
    async def once():
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(once())


@pytest.mark.usefixtures("customers")
def test_forget_shows_how_much_it_is_asks_and_erases(run):
    code, said = run("forget", "050-123-4567", said="n\n")
    assert code == 1
    assert "2 addresses, 0 messages" in said
    code, said = run("forget", "dana@example.org", said="y\n")
    assert (code, "erased: 2 address, 1 contact" in said) == (0, True)
    code, said = run("forget", "050-123-4567", "--yes")
    assert (code, "nobody is known by" in said) == (2, True)
    assert run("forget", "050-765-4321", "--yes")[0] == 0


@pytest.mark.parametrize("who", ["12", "no address", "wa:", "contact:999"])
def test_forget_refuses_what_names_nobody(run, who):
    assert run("forget", who, "--yes")[0] == 2


@pytest.mark.usefixtures("customers")
def test_a_backup_goes_into_an_empty_database_only_and_comes_back_whole(run, database_url, tmp_path, monkeypatch):
    if "/eshnav?" not in database_url:
        pytest.skip("makes databases on the embedded server only")
    file = tmp_path / "eshnav.dump"
    assert run("backup", file)[0] == 0
    assert file.stat().st_mode & 0o077 == 0
    assert run("backup", file)[0] == 2
    assert run("restore", file)[0] == 2

    other = database_url.replace("/eshnav?", "/eshnav_typed?")
    ask("CREATE DATABASE eshnav_typed", database_url)
    try:
        monkeypatch.setenv("DATABASE_URL", other)
        code, said = run("restore", file)
        assert (code, "0 deliveries are held" in said) == (0, True)
        assert ask("SELECT count(*) FROM contact", other) == 2
        assert "0 deliveries go out now" in run("held", "release")[1]
        assert "0 deliveries were given up" in run("held", "discard")[1]
    finally:
        ask("DROP DATABASE eshnav_typed WITH (FORCE)", database_url)


def test_retention_shows_every_kind(run):
    for words in (("retention", "--dry-run"), ("retention",)):
        code, said = run(*words)
        assert code == 0
        assert "raw_payload" in said
        assert "message" in said


def test_a_worker_nobody_has_heard_of_is_not_alive(run):
    assert run("alive", "worker")[0] == 1


def test_a_revoked_token_opens_nothing(run, database_url):
    assert run("token", "create", "reports", "--scope", "contacts:read")[0] == 0
    assert run("token", "create", "other", "--scope", "contacts:read")[0] == 0
    assert run("token", "revoke", "reports")[0] == 0
    assert ask("SELECT string_agg(name, ' ') FROM api_token WHERE revoked_at IS NULL", database_url) == "other"
