"""Whatever merges and undos happen in whatever order, every address belongs to exactly one living contact."""

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import someone

from gateway.domain.errors import Conflict, NotFound
from gateway.people import merging

PEOPLE = 5
THREADS = "SELECT id, contact_id, merged_into FROM conversation WHERE contact_id = ANY($1)"
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("undo"), st.integers(0, 11), st.just(0)),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_every_address_has_exactly_one_living_contact_at_every_step(migrated_pool, steps):
    pool = migrated_pool
    crowd = [await someone(pool, *uris) for uris in await new_uris(pool)]
    contacts = [person.contact_id for person in crowd]
    addresses = [each for person in crowd for each in person.address_ids.values()]
    merges: list[int] = []
    for kind, one, other in steps:
        try:
            if kind == "merge":
                merges.append(await merging.merge_by_agent(pool, contacts[one], contacts[other], actor="noa"))
            elif one < len(merges):
                await merging.undo_merge(pool, merges[one], actor="noa")
        except (Conflict, NotFound):
            pass
        await check(pool, contacts, addresses)
    for merge_id in reversed(merges):
        try:
            await merging.undo_merge(pool, merge_id, actor="noa")
        except NotFound:
            continue
    owners = dict(await pool.fetch("SELECT id, contact_id FROM address WHERE id = ANY($1)", addresses))
    assert owners == {each: person.contact_id for person in crowd for each in person.address_ids.values()}


async def new_uris(pool: asyncpg.Pool) -> list[tuple[str, str]]:
    first = await pool.fetchval("SELECT coalesce(max(id), 0) FROM address")
    return [(f"tel:+97259{first + number:07}", f"mailto:p{first + number}@firm.co.il") for number in range(PEOPLE)]


async def check(pool: asyncpg.Pool, contacts: list[int], addresses: list[int]) -> None:
    people = {
        row["id"]: row["merged_into"]
        for row in await pool.fetch("SELECT id, merged_into FROM contact WHERE id = ANY($1)", contacts)
    }
    threads = {
        row["contact_id"]: row
        for row in await pool.fetch(
            "SELECT id, contact_id, merged_into FROM conversation WHERE contact_id = ANY($1)", contacts
        )
    }
    owners = await pool.fetch("SELECT id, contact_id FROM address WHERE id = ANY($1)", addresses)
    assert sorted(row["id"] for row in owners) == sorted(addresses)
    for row in owners:
        assert people[row["contact_id"]] is None, "an address belongs to a contact that was merged away"
    for contact, into in people.items():
        assert into is None or people[into] is None, "a merged contact points to one that is merged itself"
        thread = threads[contact]
        assert (thread["merged_into"] is None) == (into is None), "contact and thread disagree about being merged"
        assert into is None or thread["merged_into"] == threads[into]["id"]
