"""An intake that runs on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from desks import EMAIL, SMS, WHATSAPP, Desk
from steps import Steps

from gateway.domain.language import Language
from gateway.intake import reference
from gateway.intake.intake import Intake
from gateway.intake.round import DecisionContext
from gateway.intake.spool import Spool
from gateway.operations.sample import load_sample
from gateway.redis.notifier import Notifier
from gateway.wording import Wording


@pytest.fixture
async def desk(pool, tmp_path) -> AsyncIterator[Desk]:
    await load_sample(pool)
    async with pool.acquire() as connection:
        known = await reference.load(connection, (SMS, WHATSAPP, EMAIL))
    context = DecisionContext(
        reference=known,
        wording=Wording.load(),
        default_language=Language.HEBREW,
        now=lambda: datetime.now(UTC),
    )
    spool = Spool.open(tmp_path / "spool")
    notifier = Notifier(None)

    async def reparse(payload):
        return at_work.events[payload.body]

    intake = Intake(pool, context, spool, notifier, reparse)
    at_work = Desk(intake, pool)
    running = asyncio.create_task(intake.run())
    yield at_work
    intake.stop()
    await running
    spool.close()
    await notifier.close()


@pytest.fixture
def steps(monkeypatch):
    return Steps(monkeypatch)
