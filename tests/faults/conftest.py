"""One town for all fault tests: building one takes seconds, and each test leaves it as it should be."""

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import town as towns
from fault_proxy import NONE
from town import Town


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
async def built_town() -> AsyncIterator[Town]:
    """The town, with its servers and sandbox running."""
    async with towns.town() as built:
        yield built


@pytest.fixture
async def town(built_town: Town) -> AsyncIterator[Town]:
    """The town, whole again whatever the last test did to it; its apps and workers are the test's to start."""
    yield built_town
    for proxy in (built_town.database, built_town.redis, built_town.provider):
        proxy.misbehave(NONE)
        proxy.resume()
    if not built_town.postgres.is_running:
        await built_town.start_postgres()
    if not built_town.valkey.is_running:
        await built_town.start_valkey()
    await built_town.run("sandbox")
    await built_town.reset_provider()


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance whose seed is printed, so that a failure can be repeated with FAULT_SEED."""
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(1_000_000))
    print(f"{request.node.name}: FAULT_SEED={seed}")  # noqa: T201  (repeats a failure)
    return random.Random(seed)
