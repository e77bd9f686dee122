"""What providers report: every word is kept, and whatever the order of arrival, the same thing is true in the end."""

import asyncio
from collections.abc import Sequence
from itertools import permutations

import asyncpg
import people
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.channel import Channel
from gateway.domain.messages import BounceReport, StatusUpdate
from gateway.domain.outbox import Budget, Claimed, OutcomeKind, Route, SendOutcome, Status, advance
from gateway.domain.people import mailto
from gateway.outbox.record import settle
from gateway.outbox.statuses import Update, apply_statuses
from gateway.outbox.store import deliveries
from gateway.outbox.sweeping import sweep

OWN_WRITE = "own write"
REPORTED = (Status.QUEUED, Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED)


async def report(pool: asyncpg.Pool, *updates: Update) -> list[int]:
    ids = dict(await pool.fetch("SELECT key, id FROM endpoint"))
    async with pool.acquire() as connection, connection.transaction():
        return await apply_statuses(connection, updates, endpoint_ids=ids, raw_ids=[None] * len(updates))


def status(word: Status, *, delivery_id: int | None = None, provider_id: str = "SM1", **others: object) -> StatusUpdate:
    return StatusUpdate(
        endpoint=people.SMS.key, provider_id=provider_id, status=word, delivery_id=delivery_id, **others
    )


async def one_in_flight(pool: asyncpg.Pool, **others: object) -> Claimed:
    sms = (await people.endpoints(pool))[Channel.SMS]
    person = await people.someone(pool)
    route = Route(address_id=person.address_ids["tel"], endpoint_id=sms, channel=Channel.SMS)
    await people.queue(pool, people.draft(person, route, **others))
    return await claim_one(pool, sms)


async def claim_one(pool: asyncpg.Pool, endpoint_id: int) -> Claimed:
    async with pool.acquire() as connection:
        claim = await deliveries.claim(
            connection,
            [Budget(endpoint_id=endpoint_id, most=1, most_not_replies=1)],
            sender="test",
            slots=1,
            slots_not_replies=1,
            promotions_a_day=2,
        )
    return claim.claimed[0]


async def write_sent(pool: asyncpg.Pool, claimed: Claimed) -> None:
    await settle(pool, [SendOutcome(claimed=claimed, kind=OutcomeKind.SENT, provider_id="SM1")], sender="test")


async def play(pool: asyncpg.Pool, claimed: Claimed, order: Sequence[object], *, named: bool) -> str:
    """Let these things happen in this order, starting from a delivery in flight, and give where it ends."""
    await pool.execute("DELETE FROM delivery_event")
    await pool.execute(
        "UPDATE delivery SET status = 'sending', leased_by = 'test', attempts = 1, provider_id = NULL,"
        " error_code = NULL"
    )
    for each in order:
        if each is OWN_WRITE:
            await write_sent(pool, claimed)
        else:
            code = "30003" if each is Status.FAILED else None
            await report(pool, status(each, delivery_id=claimed.delivery_id if named else None, error_code=code))
    row = await pool.fetchrow("SELECT status, provider_id, error_code FROM delivery")
    assert row["provider_id"] == "SM1"
    assert row["error_code"] == ("30003" if row["status"] == "failed" else None)
    return str(row["status"])


@pytest.mark.parametrize("named", [pytest.param(True, id="by our id"), pytest.param(False, id="by the provider's id")])
async def test_every_order_of_callbacks_and_our_own_write_ends_the_same(pool: asyncpg.Pool, named: bool):
    claimed = await one_in_flight(pool)
    for words in (
        (Status.QUEUED, Status.SENT, Status.DELIVERED),
        (Status.SENT, Status.FAILED),
        (Status.READ, Status.FAILED),
    ):
        ends = {await play(pool, claimed, order, named=named) for order in permutations((*words, OWN_WRITE))}
        assert len(ends) == 1, words


words_in_any_order = st.lists(st.sampled_from((*REPORTED, OWN_WRITE)), max_size=7)


async def test_any_words_in_any_order_end_at_the_furthest_of_them(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    rounds: list[tuple[list[object], bool]] = []

    @settings(max_examples=60, deadline=None, database=None)
    @given(words=words_in_any_order, named=st.booleans())
    def draw(words: list[object], named: bool) -> None:
        rounds.append((words, named))

    draw()
    for words, named in rounds:
        order = words if OWN_WRITE in words else [*words, OWN_WRITE]
        told = [Status.SENT, *(word for word in order if word is not OWN_WRITE)]
        furthest = Status.SENT
        for word in told:
            furthest = advance(furthest, word)
        assert await play(pool, claimed, order, named=named) == furthest, order


async def test_a_word_that_beats_our_own_write_is_parked_and_found(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    assert await report(pool, status(Status.DELIVERED)) == []

    await write_sent(pool, claimed)

    assert await pool.fetchval("SELECT status FROM delivery") == "delivered"
    assert await pool.fetchval("SELECT delivery_id FROM delivery_event") == claimed.delivery_id


async def test_the_sweep_finds_what_was_parked_while_our_own_write_was_under_way(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    await write_sent(pool, claimed)
    await pool.execute(
        "INSERT INTO delivery_event (endpoint_id, provider_id, status) VALUES ($1, 'SM1', 'read')", claimed.endpoint_id
    )

    assert await sweep(pool) == [claimed.conversation_id]

    assert await pool.fetchval("SELECT status FROM delivery") == "read"


async def test_the_same_callback_again_is_kept_once_and_changes_nothing(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    update = status(Status.DELIVERED, delivery_id=claimed.delivery_id)

    assert await report(pool, update, update) == [claimed.conversation_id]
    assert await report(pool, update) == []

    assert await pool.fetchval("SELECT count(*) FROM delivery_event") == 1


async def test_twenty_copies_at_once_move_it_once(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    update = status(Status.DELIVERED, delivery_id=claimed.delivery_id)
    touched = await asyncio.gather(*(report(pool, update) for _ in range(20)))
    assert sum(map(len, touched)) == 1


async def test_a_callback_settles_what_was_unknown(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    await pool.execute("UPDATE delivery SET status = 'unknown'")

    await report(pool, status(Status.QUEUED, delivery_id=claimed.delivery_id))

    assert await pool.fetchrow("SELECT status, provider_id FROM delivery") == ("sent", "SM1")


async def test_an_error_that_comes_after_a_callback_does_not_send_it_again(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    await report(pool, status(Status.SENT, delivery_id=claimed.delivery_id))

    late = SendOutcome(claimed=claimed, kind=OutcomeKind.RETRY, due_at=claimed.created_at, reason="timed out")
    await settle(pool, [late], sender="test")

    assert await pool.fetchval("SELECT status FROM delivery") == "sent"


async def test_a_result_of_a_sender_that_lost_its_lease_to_another_attempt_is_not_believed(pool: asyncpg.Pool):
    first = await one_in_flight(pool)
    await pool.execute("UPDATE delivery SET status = 'queued'")
    second = await claim_one(pool, first.endpoint_id)
    assert second.attempts == 2

    await settle(pool, [SendOutcome(claimed=first, kind=OutcomeKind.FAILED, reason="late")], sender="test")

    assert await pool.fetchval("SELECT status FROM delivery") == "sending"


async def test_a_callback_about_nothing_of_ours_is_kept_for_later(pool: asyncpg.Pool):
    await people.endpoints(pool)
    assert await report(pool, status(Status.DELIVERED, delivery_id=999, provider_id="SM-strange")) == []
    assert await pool.fetchval("SELECT delivery_id FROM delivery_event") is None


async def test_a_callback_cannot_name_a_delivery_of_another_channel(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    forged = StatusUpdate(
        endpoint=people.WHATSAPP.key, provider_id="SM9", status=Status.READ, delivery_id=claimed.delivery_id
    )
    assert await report(pool, forged) == []
    assert await pool.fetchval("SELECT status FROM delivery") == "sending"


async def test_failing_later_goes_on_by_the_next_channel_once(pool: asyncpg.Pool):
    ours = await people.endpoints(pool)
    person = await people.someone(pool)
    by = {
        channel: Route(address_id=person.address_ids["tel"], endpoint_id=ours[channel], channel=channel)
        for channel in (Channel.SMS, Channel.WHATSAPP)
    }
    await people.queue(pool, people.draft(person, by[Channel.SMS], chain=(by[Channel.WHATSAPP],)))
    claimed = await claim_one(pool, ours[Channel.SMS])
    await write_sent(pool, claimed)

    for code in ("30005", "30006"):
        await report(pool, status(Status.FAILED, error_code=code, unreachable=True, reason="no such number"))

    rows = await pool.fetch("SELECT channel, status FROM delivery ORDER BY id")
    assert rows == [("sms", "failed"), ("whatsapp", "queued")]
    assert "sms" in await pool.fetchval("SELECT unreachable FROM address")


async def test_a_status_that_says_opted_out_enters_the_ledger(pool: asyncpg.Pool):
    claimed = await one_in_flight(pool)
    await report(pool, status(Status.FAILED, delivery_id=claimed.delivery_id, error_code="21610", opted_out=True))
    assert await pool.fetchval("SELECT opted_out FROM address") == ["any"]
    assert await pool.fetchval("SELECT count(*) FROM consent") == 1


async def mail_in_flight(pool: asyncpg.Pool) -> Claimed:
    mail = (await people.endpoints(pool))[Channel.EMAIL]
    person = await people.someone(pool, "mailto:dana@example.com")
    route = Route(address_id=person.address_ids["mailto"], endpoint_id=mail, channel=Channel.EMAIL)
    await people.queue(pool, people.draft(person, route))
    claimed = await claim_one(pool, mail)
    outcome = SendOutcome(claimed=claimed, kind=OutcomeKind.SENT, provider_id="<1@shop.example>")
    await settle(pool, [outcome], sender="test")
    return claimed


@pytest.mark.parametrize(
    ("bounce", "ends", "is_unreachable", "opted_out"),
    [
        pytest.param({"hard": True, "dsn": "5.1.1"}, "failed", True, [], id="a hard bounce"),
        pytest.param({"hard": False, "dsn": "4.2.2"}, "sent", False, [], id="a soft bounce only tells"),
        pytest.param(
            {"complaint": True},
            "sent",
            False,
            ["marketing", "notice", "survey"],
            id="a complaint stops what was not asked for",
        ),
        pytest.param(
            {"hard": True, "failed_address": mailto("other@example.com")},
            "failed",
            False,
            [],
            id="a bounce about another address says nothing of this one",
        ),
    ],
)
async def test_mail_that_comes_back(
    pool: asyncpg.Pool, bounce: dict[str, object], ends: str, is_unreachable: bool, opted_out: list[str]
):
    await mail_in_flight(pool)
    values = {"failed_address": mailto("dana@example.com"), "original_provider_id": "<1@shop.example>", "reason": "no"}
    await report(pool, BounceReport(endpoint=people.MAIL.key, provider_id="<dsn@mx>", **(values | bounce)))

    assert await pool.fetchval("SELECT status FROM delivery") == ends
    row = await pool.fetchrow("SELECT unreachable, opted_out FROM address")
    assert ("email" in row["unreachable"]) is is_unreachable
    assert sorted(row["opted_out"]) == opted_out


async def test_a_bounce_of_a_mail_we_never_sent_marks_nobody(pool: asyncpg.Pool):
    await mail_in_flight(pool)
    forged = BounceReport(
        endpoint=people.MAIL.key,
        provider_id="<dsn@mx>",
        original_provider_id="<never@shop.example>",
        failed_address=mailto("dana@example.com"),
        hard=True,
    )
    assert await report(pool, forged) == []
    assert await pool.fetchval("SELECT unreachable FROM address") == {}
