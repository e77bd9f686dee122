"""Replies with an idempotency key, and long threads read back to their beginning."""

import pytest
from people import endpoints, someone

from gateway.desk import inbox
from gateway.desk.reply import ReplyRequest, reply
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.errors import Conflict
from gateway.redis.notifier import Notifier


@pytest.fixture
async def person(pool):
    await endpoints(pool)
    return await someone(pool, "tel:+972501234567", "mailto:dana@example.com")


async def send(pool, person, **changes: object) -> int:
    values: dict[str, object] = {"text": "hello", "idempotency_key": "k", "channel": Channel.SMS}
    request = ReplyRequest(**(values | changes))
    return await reply(
        pool, Notifier(None), conversation_id=person.conversation_id, request=request, author="a program"
    )


async def test_the_same_reply_with_the_same_key_is_sent_once(pool, person):
    assert await send(pool, person) == await send(pool, person)
    assert await pool.fetchval("SELECT count(*) FROM delivery") == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"text": "another text"}, id="text"),
        pytest.param({"channel": Channel.EMAIL}, id="channel"),
        pytest.param({"purpose": Purpose.NOTICE}, id="purpose"),
    ],
)
async def test_a_key_used_for_another_message_is_a_conflict(pool, person, changes):
    await send(pool, person)
    with pytest.raises(Conflict, match="used for another message"):
        await send(pool, person, **changes)
    assert await pool.fetchval("SELECT count(*) FROM delivery") == 1


async def test_a_key_used_for_a_note_is_a_conflict(pool, person):
    """A note that is like the message in all else, so that nothing but its direction can tell."""
    note_id = await send(pool, person)
    await pool.execute("UPDATE message SET direction = 'note' WHERE id = $1", note_id)
    with pytest.raises(Conflict, match="used for another message"):
        await send(pool, person)


async def test_a_long_thread_is_read_back_to_its_beginning_without_a_gap(pool, person):
    await pool.execute(
        "INSERT INTO message (contact_id, conversation_id, direction, channel, author, text)"
        " SELECT $1, $2, 'inbound', 'sms', 'Dana', n::text FROM generate_series(1, 150) AS n",
        person.contact_id,
        person.conversation_id,
    )
    read, before = [], None
    for _ in range(4):
        thread = await inbox.open_thread(pool, person.conversation_id, before=before)
        read = [entry.text for entry in thread.entries] + read
        if thread.earlier is None:
            break
        before = thread.earlier
    assert read == [str(number) for number in range(1, 151)]
