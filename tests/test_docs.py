"""The docs against the code: every setting, command, route, table and file that a reader is sent to."""

import re
from pathlib import Path

import click
import pytest
from typer.main import get_command

from gateway.cli.main import app
from gateway.config.schema import General, MailShape, TwilioShape, WhatsAppShape
from gateway.domain.agents import Role, Scope
from gateway.domain.outbox import Status
from gateway.web.api.table import BASE, OPERATIONS
from gateway.web.server.application import routes

ROOT = Path(__file__).parent.parent
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))}
COMMANDS = DOCS["README.md"] + DOCS["operating.md"]
VARIABLES = sorted(
    {name for shape in (General, TwilioShape, WhatsAppShape, MailShape) for name in shape.variable_names().values()}
)
TABLES = sorted(
    {
        name
        for file in (ROOT / "gateway" / "store" / "migrations").glob("*.sql")
        for name in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", file.read_text(encoding="utf-8"))
    }
)


def command_lines(command: click.Command, words: tuple[str, ...] = ("eshnav",)) -> list[str]:
    """Every command a person can type, without its arguments."""
    if hasattr(command, "commands"):
        return [line for name, inner in command.commands.items() for line in command_lines(inner, (*words, name))]
    return [" ".join(words)]


@pytest.mark.parametrize("name", VARIABLES)
def test_every_setting_is_documented(name):
    assert f"`{name}`" in DOCS["configuration.md"]


def test_no_setting_is_documented_that_does_not_exist():
    written = set(re.findall(r"^\| `([A-Z_]+)`", DOCS["configuration.md"], re.MULTILINE))
    assert written - {*VARIABLES, "ESHNAV_CONFIG"} == set()


@pytest.mark.parametrize("shape", [General, TwilioShape, WhatsAppShape, MailShape], ids=lambda shape: shape.__name__)
def test_defaults_are_documented_as_they_are(shape):
    for field, name in shape.variable_names().items():
        default = shape.model_fields[field].default
        if isinstance(default, str | int) and default not in ("", None):
            (row,) = [line for line in DOCS["configuration.md"].splitlines() if line.startswith(f"| `{name}`")]
            assert f"`{default}" in row


@pytest.mark.parametrize("line", command_lines(get_command(app)))
def test_every_command_is_documented(line):
    assert line in COMMANDS


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_documented(route):
    assert f"`{route.path}`" in DOCS["http.md"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_every_operation_of_the_api_is_documented(operation):
    assert f"| {operation.method} | `{BASE}{operation.path}` | {operation.scope} |" in DOCS["http.md"]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_in_the_glossary(table):
    assert f"`{table}`" in DOCS["glossary.md"]


@pytest.mark.parametrize(
    "word", [*Status, *Role, "wake-up", "lane", "lease", "segment", "spool", "template", "channel"]
)
def test_the_words_of_the_code_are_in_the_glossary(word):
    assert re.search(rf"\b{word}\b", DOCS["glossary.md"], re.IGNORECASE)


@pytest.mark.parametrize("scope", Scope)
def test_every_scope_is_documented(scope):
    assert scope in DOCS["http.md"]


@pytest.mark.parametrize("name", DOCS)
def test_links_lead_somewhere(name):
    (path,) = [path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.name == name]
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", DOCS[name]):
        assert (path.parent / target).exists(), target


def test_files_the_architecture_names_exist():
    named = re.findall(
        r"`((?:gateway|channels|routing|templates|tests|docs)/[\w./-]+|\w+\.py)`", DOCS["ARCHITECTURE.md"]
    )
    missing = [name for name in named if not (ROOT / name).exists() and not list((ROOT / "gateway").rglob(name))]
    assert missing == []


def test_the_readme_is_short():
    assert len(DOCS["README.md"].splitlines()) <= 150


def test_webhook_urls_ask_twilio_to_try_again():
    assert "/webhooks/twilio/message#rc=5&rp=all" in DOCS["connecting.md"]
