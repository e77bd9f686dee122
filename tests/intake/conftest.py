"""An intake that runs on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest
from desks import EMAIL, SMS, WHATSAPP, Desk
from steps import Steps

from gateway.intake import reference
from gateway.operations.sample import load_sample
from gateway.runtime.assemble import open_notifier, run_intake


@pytest.fixture
async def desk(pool, tmp_path) -> AsyncIterator[Desk]:
    await load_sample(pool)
    async with pool.acquire() as connection:
        known = await reference.load(connection, (SMS, WHATSAPP, EMAIL))

    async def reparse(payload):
        return at_work.events[payload.body]

    async with (
        open_notifier(None) as notifier,
        run_intake(pool, known, notifier, reparse, spool_folder=tmp_path / "spool") as intake,
    ):
        at_work = Desk(intake, pool)
        yield at_work


@pytest.fixture
def steps(monkeypatch):
    return Steps(monkeypatch)
