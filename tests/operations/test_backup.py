"""The restore drill: a backup made under load comes back, and nothing that went out goes out again."""

import asyncio
from dataclasses import replace
from pathlib import Path

import people
import provider as providers
import pytest
from databases import fresh_database
from msgspec import structs
from people import SMS
from senders import builder, sending, settled

from gateway.domain.channel import Channel
from gateway.domain.outbox import Lane, Route
from gateway.embedded.dumping import DumpFailed, dump, restore
from gateway.operations import restore_guard
from gateway.outbox.reconcile import reconcile
from gateway.redis.notifier import Notifier
from gateway.store.db import open_pool
from gateway.store.migrate import migrate

OWED = 300
FAST = structs.replace(SMS, sends_per_second=150.0)


@pytest.fixture(autouse=True)
def embedded_only(database_url):
    if "/eshnav?" not in database_url:
        pytest.skip("the drill makes databases on the embedded server only")


async def test_a_backup_made_under_load_comes_back_and_nothing_is_sent_twice(pool, database_url, tmp_path: Path):
    endpoint_id = (await people.endpoints(pool, FAST))[Channel.SMS]
    await people.flood(pool, endpoint_id, OWED, lane=Lane.TRANSACTIONAL)
    file, account = tmp_path / "eshnav.dump", people.twilio(FAST)
    async with providers.running() as provider, fresh_database(database_url, "eshnav_restored") as url:
        async with sending(pool, replace(account, api_base=provider.url), name="before"):
            async with asyncio.timeout(10):
                while await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'sent'") < OWED // 4:
                    await asyncio.sleep(0.01)
            await asyncio.to_thread(dump, database_url, file)
            await settled(pool)
        assert len(provider.messages) == OWED

        await asyncio.to_thread(restore, url, file)
        await migrate(url)
        restored = await open_pool(url)
        try:
            statuses = dict(await restored.fetch("SELECT status, count(*) FROM delivery GROUP BY 1"))
            held = (await restore_guard.look(restored)).count
            assert statuses == {"sent": OWED - held, "unknown": held}
            assert 0 < held < OWED
            async with sending(restored, replace(account, api_base=provider.url), name="after"):
                newcomer = await people.someone(restored)
                route = Route(endpoint_id=endpoint_id, address_id=newcomer.address_ids["tel"], channel=Channel.SMS)
                await people.queue(restored, people.draft(newcomer, route, "חדש"))
                await settled(restored)
            assert len(provider.messages) == OWED + 1, "only what is new since the restore may go out"
        finally:
            await restored.close()


async def test_nobody_asks_the_provider_about_what_is_held(pool):
    """Asked now, it would be looked for at the wrong time, found absent, and sent again."""
    endpoint_id = (await people.endpoints(pool, FAST))[Channel.SMS]
    await people.flood(pool, endpoint_id, 3)
    assert await restore_guard.hold(pool) == 3
    await pool.execute("UPDATE delivery SET due_at = now() - interval '1 hour', updated_at = now() - interval '1 hour'")

    asked: list[str] = []

    class Asked:
        def adapter_for(self, endpoint_key: str):
            asked.append(endpoint_key)

    notifier = Notifier(None)
    await reconcile(pool, Asked(), builder(people.twilio(FAST)), notifier=notifier, wait_seconds=0)
    await notifier.close()
    assert asked == []


@pytest.mark.parametrize(
    ("decide", "statuses"),
    [
        pytest.param(restore_guard.release, {"sent": 5}, id="released, it goes out"),
        pytest.param(restore_guard.discard, {"suppressed": 5}, id="given up, it never does"),
    ],
)
async def test_operations_decide_what_becomes_of_it(pool, decide, statuses):
    endpoint_id = (await people.endpoints(pool, FAST))[Channel.SMS]
    await people.flood(pool, endpoint_id, 5, lane=Lane.TRANSACTIONAL)
    await restore_guard.hold(pool)
    notifier = Notifier(None)
    assert await decide(pool, notifier=notifier) == 5
    await notifier.close()
    async with providers.running() as provider, sending(pool, replace(people.twilio(FAST), api_base=provider.url)):
        assert await settled(pool) == statuses
    assert len(provider.messages) == statuses.get("sent", 0)


async def test_a_database_at_home_holds_nothing(pool, database_url):
    endpoint_id = (await people.endpoints(pool, FAST))[Channel.SMS]
    await people.flood(pool, endpoint_id, 3)
    await migrate(database_url)
    assert await restore_guard.hold_if_restored(pool) == 0
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'queued'") == 3


async def test_a_worker_that_starts_before_anything_else_holds_it_too(pool):
    endpoint_id = (await people.endpoints(pool, FAST))[Channel.SMS]
    await people.flood(pool, endpoint_id, 3)
    await pool.execute("UPDATE home SET system_identifier = 1")
    assert await restore_guard.hold_if_restored(pool) == 3
    assert await restore_guard.hold_if_restored(pool) == 0


def test_a_backup_that_fails_leaves_no_file_and_says_why(tmp_path: Path):
    file = tmp_path / "eshnav.dump"
    with pytest.raises(DumpFailed, match="pg_dump failed") as caught:
        dump("postgresql://nobody:secret-word@127.0.0.1:9/nothing", file)
    assert list(tmp_path.iterdir()) == []
    assert "secret-word" not in str(caught.value)
