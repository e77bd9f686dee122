"""Deciding that two contacts are one person: always by proof, always logged, always possible to take back."""

from collections.abc import Sequence

from gateway.domain.people import Address, AddressKey, NewAddress
from gateway.people.store import addresses
from gateway.people.store import merges as store
from gateway.people.store.merges import Merge
from gateway.store.db import Connection, Pool


async def merge(connection: Connection, from_id: int, into_id: int, *, proof: str, actor: str) -> int:
    """Merge the first contact into the second, within the caller's transaction; gives the merge's id.

    Addresses move, old ids redirect, and the surviving thread shows both histories; no message is rewritten.

    Raises:
        NotFound, Conflict: see `people.store.merges.conversations_of_pair`.
    """
    conversations = await store.conversations_of_pair(connection, from_id, into_id)
    return await store.record_merge(
        connection, pair=(from_id, into_id), conversations=conversations, proof=proof, actor=actor
    )


async def merge_by_agent(pool: Pool, from_id: int, into_id: int, *, actor: str) -> int:
    """Merge two contacts because an agent says they are one person.

    Raises:
        NotFound, Conflict: see `merge`.
    """
    async with pool.acquire() as connection, connection.transaction():
        return await merge(connection, from_id, into_id, proof="an agent's judgement", actor=actor)


async def undo_merge(pool: Pool, merge_id: int, *, actor: str) -> int:
    """Take a merge back, so that each contact has its addresses and thread again; gives the contact that remained.

    Raises:
        NotFound, Conflict: see `people.store.merges.undo_merge`.
    """
    async with pool.acquire() as connection, connection.transaction():
        undone = await store.undo_merge(connection, merge_id, actor=actor)
    return undone.into_contact_id


async def merges_of(pool: Pool, contact_id: int) -> Sequence[Merge]:
    """List the merges in force that made this contact what it is, oldest first."""
    async with pool.acquire() as connection:
        return await store.merges_of(connection, contact_id)


async def follow_number(connection: Connection, old: Address, new: Address) -> None:
    """Note that a WhatsApp user moved from one number or id to another, as WhatsApp itself vouches."""
    keys = AddressKey(uri=str(old), proven=True), AddressKey(uri=str(new), proven=True)
    known = await addresses.find_people(connection, keys)
    before, after = (known.get(key) for key in keys)
    if before is None:
        return
    if after is None:
        await addresses.create_people(connection, [NewAddress(key=keys[1], contact_id=before.contact_id)])
    elif after.contact_id != before.contact_id:
        await merge(
            connection, after.contact_id, before.contact_id, proof="WhatsApp says the number changed", actor="gateway"
        )
