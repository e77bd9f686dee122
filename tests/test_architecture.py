"""Who may import whom, and which third parties each part may touch: the table of ARCHITECTURE.md, held as data."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("gateway", "channels", "routing", "app", "worker")

BELOW_USECASES = {
    "gateway.domain",
    "gateway.config",
    "gateway.clock",
    "gateway.log",
    "gateway.metrics",
    "gateway.crash",
    "gateway.bell",
    "gateway.rates",
    "gateway.tally",
    "gateway.pulse",
    "gateway.files",
    "channels",
    "routing",
    "gateway.wording",
    "gateway.store",
}
EVERYTHING = {"*"}

# part → (parts of ours it may import besides itself, third parties it may import); the longest matching name counts.
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "gateway.domain": (set(), set()),
    "gateway.config": ({"gateway.domain"}, {"pydantic", "pydantic_core", "pydantic_settings", "phonenumbers"}),
    "gateway.clock": ({"gateway.domain"}, set()),
    "gateway.log": ({"gateway.domain", "gateway.config"}, {"structlog"}),
    "gateway.metrics": (set(), {"prometheus_client"}),
    "gateway.crash": ({"gateway.domain"}, set()),
    "gateway.bell": ({"gateway.domain", "gateway.clock"}, {"redis", "orjson", "structlog"}),
    "gateway.rates": ({"gateway.domain", "gateway.clock", "gateway.bell"}, {"redis", "structlog"}),
    "gateway.tally": ({"gateway.domain", "gateway.bell"}, {"redis"}),
    "gateway.pulse": ({"gateway.clock", "gateway.bell"}, {"redis"}),
    "gateway.files": ({"gateway.domain", "gateway.config", "gateway.clock"}, {"obstore", "puremagic", "structlog"}),
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
    "gateway.usecases": (BELOW_USECASES, {"structlog", "orjson", "argon2", "asyncpg", "redis", "puremagic"}),
    "gateway.web": (
        BELOW_USECASES | {"gateway.usecases"},
        {"aiohttp", "jinja2", "markupsafe", "orjson", "structlog", "prometheus_client", "asyncpg", "redis", "babel"}
        | {"multidict", "yarl", "pydantic", "nh3"},
    ),
    "gateway.mail": (BELOW_USECASES | {"gateway.usecases"}, {"aiosmtpd", "structlog", "orjson", "asyncpg"}),
    "gateway.jobs": (
        BELOW_USECASES | {"gateway.usecases", "gateway.embedded"},
        {"rq", "redis", "structlog", "asyncpg"},
    ),
    "gateway.cli": (EVERYTHING, EVERYTHING),
    "gateway.bench": (EVERYTHING, EVERYTHING),
    "app": (EVERYTHING, EVERYTHING),
    "worker": (EVERYTHING, EVERYTHING),
}
RECORDS = "msgspec"  # what records are made of, in every part alike
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
    assert re.search(rf"`(gateway/)?{last}(\.py|/)?`|, `{last}`|`{part.replace('.', '/')}`", page)


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
        if name.startswith(("gateway.clock", "gateway.sandbox", "gateway.bench", "channels")):
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
