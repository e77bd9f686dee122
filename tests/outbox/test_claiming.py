"""Claiming: replies first, one contact's messages in order, and only what may go out."""

import asyncpg
import people
import pytest

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Budget, Claim, Lane, Route
from gateway.outbox.store import deliveries


async def claim(pool: asyncpg.Pool, endpoint_id: int, **limits: int) -> Claim:
    most = limits.get("most", 100)
    async with pool.acquire() as connection:
        return await deliveries.claim(
            connection,
            [Budget(endpoint_id=endpoint_id, most=most, most_not_replies=limits.get("most_not_replies", most))],
            sender="test",
            slots=limits.get("slots", 100),
            slots_not_replies=limits.get("slots_not_replies", 100),
            promotions_a_day=2,
        )


def ids(claim: Claim) -> list[int]:
    return [each.delivery_id for each in claim.claimed]


@pytest.fixture
async def sms(pool: asyncpg.Pool) -> int:
    return (await people.endpoints(pool))[Channel.SMS]


def by_sms(person: people.Someone, sms: int) -> Route:
    return Route(address_id=person.address_ids["tel"], endpoint_id=sms, channel=Channel.SMS)


async def test_a_claimed_delivery_is_leased_and_not_claimed_twice(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    [delivery_id] = await people.queue(pool, people.draft(person, by_sms(person, sms)))

    assert ids(await claim(pool, sms)) == [delivery_id]
    assert ids(await claim(pool, sms)) == []

    row = await pool.fetchrow("SELECT * FROM delivery")
    assert (row["status"], row["leased_by"], row["attempts"]) == ("sending", "test", 1)
    assert row["lease_until"] is not None


async def test_a_reply_goes_before_bulk_that_waited_longer(pool: asyncpg.Pool, sms: int):
    await people.flood(pool, sms, 50)
    person = await people.someone(pool)
    [reply] = await people.queue(pool, people.draft(person, by_sms(person, sms)))

    assert ids(await claim(pool, sms, most=1)) == [reply]


async def test_bulk_never_takes_the_slots_kept_for_replies(pool: asyncpg.Pool, sms: int):
    await people.flood(pool, sms, 50)
    person = await people.someone(pool)
    [reply] = await people.queue(pool, people.draft(person, by_sms(person, sms)))

    claimed = (await claim(pool, sms, slots=10, slots_not_replies=3)).claimed

    assert [each.lane for each in claimed] == [Lane.REPLY] + [Lane.BULK] * 3
    assert claimed[0].delivery_id == reply


async def test_one_contact_gets_messages_of_a_lane_in_order_and_one_at_a_time(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    route = by_sms(person, sms)
    first, second, third = await people.queue(
        pool, people.draft(person, route, "1 2", parts=("1", "2")), people.draft(person, route, "3")
    )
    await pool.execute("UPDATE delivery SET due_at = now() - interval '1 hour' WHERE id = $1", third)

    assert ids(await claim(pool, sms)) == [first]
    await pool.execute("UPDATE delivery SET status = 'sent' WHERE id = $1", first)
    assert ids(await claim(pool, sms)) == [second]
    await pool.execute("UPDATE delivery SET status = 'failed' WHERE id = $1", second)
    assert ids(await claim(pool, sms)) == [third]


async def test_a_message_waits_behind_one_that_will_be_tried_again_later(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    first, _ = await people.queue(pool, *(people.draft(person, by_sms(person, sms), text) for text in "12"))
    await pool.execute("UPDATE delivery SET due_at = now() + interval '1 minute' WHERE id = $1", first)

    assert ids(await claim(pool, sms)) == []


async def test_a_reply_does_not_wait_behind_the_same_contacts_bulk(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    route = by_sms(person, sms)
    _, reply = await people.queue(
        pool, people.draft(person, route, lane=Lane.BULK, purpose=Purpose.NOTICE), people.draft(person, route)
    )

    assert reply in ids(await claim(pool, sms, slots_not_replies=0))


@pytest.mark.parametrize(
    ("opted_out", "purpose", "status"),
    [
        pytest.param(["any"], Purpose.REPLY, "suppressed", id="STOP stops replies too"),
        pytest.param(["any"], Purpose.NOTICE, "suppressed", id="STOP stops notices"),
        pytest.param(["any"], Purpose.CONFIRMATION, "sending", id="but the confirmation of STOP goes out"),
        pytest.param(["marketing"], Purpose.MARKETING, "suppressed", id="no marketing stops marketing"),
        pytest.param(["marketing"], Purpose.REPLY, "sending", id="no marketing leaves replies alone"),
        pytest.param([], Purpose.MARKETING, "sending", id="nobody opted out"),
    ],
)
async def test_consent_is_asked_again_at_the_claim(
    pool: asyncpg.Pool, sms: int, opted_out: list[str], purpose: Purpose, status: str
):
    person = await people.someone(pool)
    await people.queue(pool, people.draft(person, by_sms(person, sms), purpose=purpose))
    await pool.execute("UPDATE address SET opted_out = $1", opted_out)

    found = await claim(pool, sms)

    assert await pool.fetchval("SELECT status FROM delivery") == status
    assert found.refused_conversation_ids == ((person.conversation_id,) if status == "suppressed" else ())


async def test_a_thousand_queued_to_one_who_opted_out_are_suppressed_at_once(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    route = by_sms(person, sms)
    await people.queue(pool, *(people.draft(person, route, str(n), lane=Lane(n % 3)) for n in range(1000)))
    await pool.execute("UPDATE address SET opted_out = '{any}'")

    assert ids(await claim(pool, sms)) == []

    assert await pool.fetch("SELECT status, count(*) FROM delivery GROUP BY 1") == [("suppressed", 1000)]


async def test_what_is_too_late_fails_instead_of_going_out(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    await people.queue(pool, people.draft(person, by_sms(person, sms)))
    await pool.execute("UPDATE delivery SET expires_at = now() - interval '1 second'")

    assert ids(await claim(pool, sms)) == []

    assert await pool.fetchrow("SELECT status, error_code FROM delivery") == ("failed", "expired")


async def test_nothing_leaves_from_a_paused_endpoint(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    await people.queue(pool, people.draft(person, by_sms(person, sms)))
    await pool.execute("UPDATE endpoint SET paused_until = now() + interval '1 minute'")

    assert ids(await claim(pool, sms)) == []


async def test_two_claims_at_once_share_the_work_without_sharing_a_row(pool: asyncpg.Pool, sms: int):
    await people.flood(pool, sms, 40)
    async with pool.acquire() as one, pool.acquire() as two, one.transaction(), two.transaction():
        budgets = [Budget(endpoint_id=sms, most=20, most_not_replies=20)]
        given = {"slots": 20, "slots_not_replies": 20, "promotions_a_day": 2}
        first = await deliveries.claim(one, budgets, sender="one", **given)
        second = await deliveries.claim(two, budgets, sender="two", **given)

    assert len(ids(first)) == len(ids(second)) == 20
    assert not set(ids(first)) & set(ids(second))


async def test_a_claim_carries_what_a_mail_needs_to_stay_in_its_thread(pool: asyncpg.Pool):
    mail = (await people.endpoints(pool))[Channel.EMAIL]
    person = await people.someone(pool, "mailto:dana@example.com", language=None)
    address_id = person.address_ids["mailto"]
    for provider_id, subject in (("<first@x>", "החשבון"), ("<second@x>", "Re: החשבון")):
        await pool.execute(
            "INSERT INTO message (contact_id, conversation_id, direction, channel, endpoint_id, address_id,"
            " provider_id, author, text, subject) VALUES ($1, $2, 'inbound', 'email', $3, $4, $5, 'דנה', 'x', $6)",
            *(person.contact_id, person.conversation_id, mail, address_id, provider_id, subject),
        )
    await people.queue(
        pool,
        people.draft(
            person,
            Route(address_id=address_id, endpoint_id=mail, channel=Channel.EMAIL),
            choices=people.CHOICES,
        ),
    )

    [claimed] = (await claim(pool, mail)).claimed

    assert claimed.references == ("<first@x>", "<second@x>")
    assert claimed.last_inbound_provider_id == "<second@x>"
    assert claimed.thread_subject == "Re: החשבון"
    assert claimed.choices == people.CHOICES
    assert (claimed.to, claimed.endpoint_address, claimed.language) == (
        "mailto:dana@example.com",
        people.MAIL.address,
        "he",
    )


async def test_a_third_promotion_of_the_day_is_told_apart(pool: asyncpg.Pool, sms: int):
    person = await people.someone(pool)
    offer = people.draft(person, by_sms(person, sms), purpose=Purpose.MARKETING, lane=Lane.BULK)
    await people.queue(pool, offer, offer, offer)
    for is_capped in (False, False, True):
        [claimed] = (await claim(pool, sms)).claimed
        assert (claimed.capped_since is not None) is is_capped
        await pool.execute("UPDATE delivery SET status = 'sent', sent_at = now() WHERE id = $1", claimed.delivery_id)


async def test_a_purpose_nobody_knows_cannot_enter_the_outbox(pool: asyncpg.Pool, sms: int):
    await people.flood(pool, sms, 1, lane=Lane.BULK)
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("UPDATE delivery SET purpose = 'gossip'")
