"""Codes that prove an address: how many may be under way, and what a wrong or late one proves."""

from datetime import timedelta

import pytest
from people import someone

from gateway.domain.errors import Conflict, Refused
from gateway.domain.people import mailto
from gateway.people import proofs
from gateway.runtime.clock import now

MAIL = mailto("dana@example.com")


async def claim(pool, contact_id: int, address=MAIL):
    async with pool.acquire() as connection, connection.transaction():
        return await proofs.claim(connection, contact_id=contact_id, address=address, now=now())


async def test_at_most_three_codes_are_under_way_to_an_address(pool):
    claimants = [await someone(pool) for _ in range(4)]
    for each in claimants[:3]:
        await claim(pool, each.contact_id)
    with pytest.raises(Refused, match="3 codes are already under way"):
        await claim(pool, claimants[3].contact_id)
    await claim(pool, claimants[3].contact_id, mailto("other@example.com"))


async def test_an_address_of_ones_own_needs_no_code(pool):
    person = await someone(pool, str(MAIL))
    with pytest.raises(Conflict, match="already belongs"):
        await claim(pool, person.contact_id)


async def test_only_the_right_code_in_time_and_for_the_claimant_proves(pool):
    person, stranger = await someone(pool), await someone(pool)
    made = await claim(pool, person.contact_id)

    async def confirm(code: str, contact_id: int, minutes: int = 0):
        at = now() + timedelta(minutes=minutes)
        return await proofs.confirm_code(pool, made.proof_id, code, contact_id=contact_id, actor="test", now=at)

    wrong = f"{(int(made.code) + 1) % 1_000_000:06}"
    assert await confirm(wrong, person.contact_id) is None
    assert await confirm(made.code, stranger.contact_id) is None
    assert await confirm(made.code, person.contact_id, minutes=16) is None
    assert await confirm(made.code, person.contact_id) is not None
    assert await confirm(made.code, person.contact_id) is None
