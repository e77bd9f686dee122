"""Dead letters: what failed and nothing took the place of can be looked at and sent again, once."""

import asyncio

import asyncpg
import people
import pytest
from people import draft, queue, someone

from gateway.domain.channel import Channel
from gateway.domain.outbox import Route
from gateway.operations.dead_letters import list_page, replay
from gateway.redis.notifier import Notifier


@pytest.fixture
async def failed(pool: asyncpg.Pool) -> list[int]:
    sms = (await people.endpoints(pool))[Channel.SMS]
    person = await someone(pool)
    route = Route(address_id=person.address_ids["tel"], endpoint_id=sms, channel=Channel.SMS)
    ids = await queue(pool, *(draft(person, route, str(n)) for n in range(5)))
    await pool.execute("UPDATE delivery SET status = 'failed', error_code = '30007', reason = 'filtered', attempts = 1")
    return ids


async def test_pages_go_from_the_newest_to_the_oldest(pool: asyncpg.Pool, failed: list[int]):
    first, after = await list_page(pool, most=3)
    rest, end = await list_page(pool, before=after, most=3)
    assert [each.delivery_id for each in (*first, *rest)] == failed[::-1]
    assert end is None
    assert (first[0].reason, first[0].code, first[0].contact_name) == ("filtered", "30007", "דנה")


async def test_replaying_queues_it_anew_and_takes_it_off_the_list(pool: asyncpg.Pool, failed: list[int]):
    new = await replay(pool, failed[:2], notifier=Notifier(None))

    assert sorted(new) == failed[:2]
    rows = await pool.fetch(
        "SELECT text, status, attempts, replayed_from FROM delivery WHERE id = ANY($1)", list(new.values())
    )
    assert sorted(rows) == [("0", "queued", 0, failed[0]), ("1", "queued", 0, failed[1])]
    assert [each.delivery_id for each in (await list_page(pool))[0]] == failed[:1:-1]


async def test_replaying_twice_or_twenty_times_at_once_sends_it_once(pool: asyncpg.Pool, failed: list[int]):
    answers = await asyncio.gather(*(replay(pool, failed, notifier=Notifier(None)) for _ in range(20)))
    assert sum(map(len, answers)) == len(failed)
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'queued'") == len(failed)


async def test_what_did_not_fail_is_not_replayed(pool: asyncpg.Pool, failed: list[int]):
    await pool.execute("UPDATE delivery SET status = 'delivered'")
    assert await replay(pool, failed, notifier=Notifier(None)) == {}


async def test_a_replay_that_fails_again_can_be_replayed_again(pool: asyncpg.Pool, failed: list[int]):
    [again] = (await replay(pool, failed[:1], notifier=Notifier(None))).values()
    await pool.execute("UPDATE delivery SET status = 'failed' WHERE id = $1", again)
    assert list(await replay(pool, [again], notifier=Notifier(None))) == [again]
