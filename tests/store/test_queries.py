"""Every named query is one that PostgreSQL understands, on the schema the migrations make."""

import re
from pathlib import Path

import pytest

from gateway.store.db import load_queries

GATEWAY = Path(__file__).parents[2] / "gateway"
STORES = sorted([*GATEWAY.glob("*/store.py"), *GATEWAY.glob("*/store/[a-z]*.py")])
MODULES = [file for file in STORES if "load_queries(__file__)" in file.read_text()]
IDS = [str(file.relative_to(GATEWAY)) for file in MODULES]


@pytest.mark.parametrize("module", MODULES, ids=IDS)
async def test_postgresql_understands_every_query(pool, module):
    loaded = load_queries(str(module))
    names = [name for name in loaded.available_queries if not name.endswith("_cursor")]
    assert names
    async with pool.acquire() as connection:
        for name in names:
            await connection.prepare(getattr(loaded, name).sql)


@pytest.mark.parametrize("module", MODULES, ids=IDS)
def test_every_query_is_called_by_the_module_beside_it(module):
    queries = module.with_name("queries.sql") if module.stem == "store" else module.with_suffix(".sql")
    names = re.findall(r"^-- name: (\w+)", queries.read_text(), re.MULTILINE)
    assert [name for name in names if f".{name}(" not in module.read_text()] == []
