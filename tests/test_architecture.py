"""Who may import whom, and which third parties each part may touch: the table of ARCHITECTURE.md, held as data."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("gateway", "channels", "routing", "app", "worker")

BASE = {
    "gateway.domain",
    "gateway.config",
    "gateway.runtime",
    "gateway.redis",
    "channels",
    "routing",
    "gateway.wording",
    "gateway.store",
}
PEOPLE = {"gateway.people", "gateway.access"}
OUTBOX = PEOPLE | {"gateway.outbox"}
INTAKE = OUTBOX | {"gateway.intake"}
CAPABILITIES = INTAKE | {"gateway.desk", "gateway.knowledge", "gateway.operations"}
EVERYTHING = {"*"}
OF_A_CAPABILITY = {"structlog", "orjson", "asyncpg"}

# part → (parts of ours it may import besides itself, third parties it may import); the longest matching name counts.
# Among capabilities imports go one way: desk, knowledge, operations → intake → outbox → people, access.
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "gateway.domain": (set(), set()),
    "gateway.config": ({"gateway.domain"}, {"pydantic", "pydantic_core", "pydantic_settings", "phonenumbers"}),
    "gateway.runtime": (
        {"gateway.domain", "gateway.config"},
        {"structlog", "prometheus_client", "obstore", "puremagic", "holidays"},
    ),
    "gateway.runtime.assemble": (EVERYTHING, EVERYTHING),
    "gateway.redis": ({"gateway.domain", "gateway.runtime"}, {"redis", "orjson", "structlog"}),
    "gateway.embedded": ({"gateway.domain", "gateway.config"}, set()),
    "gateway.sandbox": (set(), {"aiohttp", "aiosmtpd", "aiosmtplib", "orjson", "multidict", "yarl", "uvloop"}),
    "channels": (
        {"gateway.domain"},
        {"aiohttp", "twilio", "phonenumbers", "aiosmtplib", "orjson", "yarl", "multidict", "regex", "nh3", "puremagic"}
        | {"selectolax", "dkim", "spf", "dns", "publicsuffixlist"},
    ),
    "routing": ({"gateway.domain"}, {"numpy", "rapidfuzz", "regex"}),
    "gateway.wording": ({"gateway.domain"}, {"babel", "regex"}),
    "gateway.store": ({"gateway.domain"}, {"asyncpg", "aiosql", "orjson"}),
    "gateway.people": (BASE, OF_A_CAPABILITY),
    "gateway.access": (BASE, OF_A_CAPABILITY | {"argon2"}),
    "gateway.outbox": (BASE | PEOPLE, OF_A_CAPABILITY),
    "gateway.intake": (BASE | OUTBOX, OF_A_CAPABILITY),
    "gateway.desk": (BASE | INTAKE, OF_A_CAPABILITY),
    "gateway.knowledge": (BASE | INTAKE, OF_A_CAPABILITY),
    "gateway.operations": (BASE | INTAKE | {"gateway.knowledge"}, OF_A_CAPABILITY | {"redis"}),
    "gateway.web": (
        BASE | CAPABILITIES,
        {"aiohttp", "jinja2", "markupsafe", "orjson", "structlog", "prometheus_client", "asyncpg", "redis", "babel"}
        | {"multidict", "yarl", "pydantic", "nh3"},
    ),
    "gateway.mail": (BASE | CAPABILITIES, {"aiosmtpd", "structlog", "orjson", "asyncpg"}),
    "gateway.jobs": (
        BASE | CAPABILITIES | {"gateway.embedded", "gateway.runtime.assemble"},
        {"rq", "redis", "structlog", "asyncpg"},
    ),
    "gateway.cli": (EVERYTHING, EVERYTHING),
    "gateway.bench": (EVERYTHING, EVERYTHING),
    "app": (EVERYTHING, EVERYTHING),
    "worker": (EVERYTHING, EVERYTHING),
}
RECORDS = "msgspec"  # what records are made of, in every part alike
# Servers they start themselves, whole databases, and the schema: no messages pass here.
ABOVE_THE_RULES = ("gateway.embedded", "gateway.bench", "gateway.store.migrate", "gateway.cli.keeping")
NEVER_TOGETHER = (("channels", "routing"), ("routing", "channels"))


def modules() -> list[tuple[str, Path]]:
    """Every module of ours by its dotted name."""
    paths = [path for top in OURS for path in (*(ROOT / top).rglob("*.py"), ROOT / f"{top}.py") if path.exists()]
    return [(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path) for path in paths]


def part_of(name: str) -> str | None:
    """The part of the table a module belongs to."""
    parts = [part for part in TABLE if name == part or name.startswith(f"{part}.")]
    return max(parts, key=len, default=None)


def imports_of(path: Path) -> list[str]:
    """Every module a file imports, wherever in the file it does so."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def breaches() -> list[str]:
    """Every import the table forbids."""
    found = []
    for name, path in modules():
        part = part_of(name)
        if name in {"gateway", "channels", "routing"}:
            found += [f"{name} may not import {each}" for each in imports_of(path)]
            continue
        if part is None:
            found.append(f"{name} belongs to no part of the table")
            continue
        ours, theirs = TABLE[part]
        for imported in imports_of(path):
            top = imported.partition(".")[0]
            if top in sys.stdlib_module_names or top == RECORDS or imported == "gateway.__version__":
                continue
            if top in OURS:
                other = part_of(imported)
                is_allowed = other == part or other in ours or ours == EVERYTHING
            else:
                is_allowed = top in theirs or theirs == EVERYTHING
            if not is_allowed:
                found.append(f"{name} may not import {imported}")
    return found


def test_every_import_is_one_the_table_allows():
    assert breaches() == []


@pytest.mark.parametrize(("part", "other"), NEVER_TOGETHER)
def test_channels_and_routing_do_not_know_each_other(part, other):
    assert other not in TABLE[part][0]


def test_the_table_names_parts_that_exist():
    known = {name for name, _ in modules()}
    assert [part for part in TABLE if not any(name == part or name.startswith(f"{part}.") for name in known)] == []


@pytest.mark.parametrize("part", TABLE)
def test_every_part_is_on_the_map(part):
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    last = part.rpartition(".")[2]
    assert re.search(rf"`(gateway/)?{last}(\.py|/)?`|, `{last}`|`{part.replace('.', '/')}(\.py)?`", page)


def test_only_the_configuration_and_the_sandbox_read_the_environment():
    readers = {
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    allowed = ("gateway.config", "gateway.sandbox", "gateway.cli", "gateway.bench")
    assert {name for name in readers if not name.startswith(allowed)} == set()


def test_only_the_clock_tells_the_time_of_day():
    found = []
    for name, path in modules():
        if name.startswith(("gateway.runtime.clock", "gateway.sandbox", "gateway.bench", "channels")):
            continue  # the clock itself, two programs of their own, and a layer that may import the domain alone
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and ast.unparse(node.func) in {
                "datetime.now",
                "datetime.utcnow",
                "datetime.today",
                "date.today",
            }:
                found.append(f"{name}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("name", OURS)
def test_none_of_our_names_belongs_to_another_installed_package(name):
    assert importlib.metadata.packages_distributions().get(name, ["eshnav"]) == ["eshnav"]


def is_store(path: Path) -> bool:
    """Whether SQL may stand here: `store.py`, the modules of a `store/` folder, and the database's own package."""
    return path.stem == "store" or "store" in path.parts


def test_sql_stands_only_beside_the_store_modules():
    misplaced = [
        file
        for file in (ROOT / "gateway").rglob("*.sql")
        if "migrations" not in file.parts and file.name != "queries.sql" and "store" not in file.parts
    ]
    assert misplaced == []


def test_only_store_modules_ask_the_database():
    asks = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor", "copy_records_to_table"}
    found = []
    for name, path in modules():
        if is_store(path) or name.startswith(ABOVE_THE_RULES):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asks:
                called_on = ast.unparse(node.func.value)
                if re.search(r"pool|connection", called_on):
                    found.append(f"{name}:{node.lineno}")
    assert found == []


def test_only_the_verbs_of_capabilities_open_transactions():
    found = []
    for name, path in modules():
        is_verb = part_of(name) in CAPABILITIES and not is_store(path)
        if is_verb or name.startswith(ABOVE_THE_RULES):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        found += [
            f"{name}:{call.lineno}"
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr == "transaction"
        ]
    assert found == []
