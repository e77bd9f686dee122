"""Merges of contacts, their log and their undoing, and the codes that prove an address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from gateway.domain.errors import Conflict, NotFound
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class Merge(Struct, frozen=True, kw_only=True):
    """Two contacts found to be one, as the log has it."""

    merge_id: int
    from_contact_id: int
    into_contact_id: int
    address_ids: tuple[int, ...]
    proof: str
    actor: str
    merged_at: datetime


async def conversations_of_pair(connection: Connection, from_id: int, into_id: int) -> tuple[int, int]:
    """Lock the conversations of two contacts and give their ids.

    Raises:
        NotFound: one of them does not exist.
        Conflict: one of them was already merged away, or both are the same.
    """
    rows = [row async for row in _QUERIES.lock_pair(connection, contact_ids=[from_id, into_id])]
    by_contact = {row["contact_id"]: row for row in rows}
    if from_id == into_id:
        raise Conflict("a contact cannot be merged with itself")
    for contact_id in (from_id, into_id):
        if contact_id not in by_contact:
            raise NotFound(f"there is no contact {contact_id}")
        if by_contact[contact_id]["merged_into"] is not None:
            raise Conflict(f"contact {contact_id} was already merged into another; use that one")
    return by_contact[from_id]["id"], by_contact[into_id]["id"]


async def record_merge(
    connection: Connection, *, pair: tuple[int, int], conversations: tuple[int, int], proof: str, actor: str
) -> int:
    """Move the addresses of the first contact to the second, redirect the old ids, and log it; gives the merge's id."""
    from_id, into_id = pair
    sql = _QUERIES
    moved = [row["id"] async for row in sql.move_addresses(connection, from_id=from_id, into_id=into_id)]
    await sql.share_opt_outs(connection, contact_id=into_id)
    await sql.point_contact(connection, from_id=from_id, into_id=into_id)
    await sql.point_conversations(
        connection, from_conversation_id=conversations[0], into_conversation_id=conversations[1]
    )
    await sql.adopt_case(connection, from_conversation_id=conversations[0], into_conversation_id=conversations[1])
    merge_id: int = await sql.log_merge(
        connection, from_id=from_id, into_id=into_id, addresses=moved, proof=proof, actor=actor
    )
    return merge_id


async def undo_merge(connection: Connection, merge_id: int, *, actor: str) -> Merge:
    """Give the addresses back and let the old ids stand for themselves again.

    Raises:
        NotFound: there is no such merge in force.
        Conflict: a later merge builds on it.
    """
    sql = _QUERIES
    row = await sql.merge_to_undo(connection, merge_id=merge_id)
    if row is None:
        raise NotFound(f"there is no merge {merge_id} to undo")
    later = await sql.later_merge(connection, merge_id=merge_id, into_id=row["into_contact_id"])
    if later is not None:
        raise Conflict(f"merge {later} builds on this one; undo that first")
    found = _merge(row)
    await sql.return_addresses(
        connection, from_id=found.from_contact_id, into_id=found.into_contact_id, address_ids=list(found.address_ids)
    )
    await sql.free_contact(connection, contact_id=found.from_contact_id)
    await sql.free_conversation(connection, contact_id=found.from_contact_id)
    await sql.log_undo(connection, merge_id=merge_id, actor=actor)
    return found


async def merges_of(connection: Connection, contact_id: int) -> Sequence[Merge]:
    """List the merges in force that this contact took part in, oldest first."""
    return [_merge(row) async for row in _QUERIES.merges_of(connection, contact_id=contact_id)]


def _merge(row: Any) -> Merge:
    return Merge(
        merge_id=row["id"],
        from_contact_id=row["from_contact_id"],
        into_contact_id=row["into_contact_id"],
        address_ids=tuple(row["addresses"]),
        proof=row["proof"],
        actor=row["actor"],
        merged_at=row["merged_at"],
    )


class Proof(Struct, frozen=True, kw_only=True):
    """A code that was sent to an address; `owner_id` is the contact the address belongs to now."""

    proof_id: int
    contact_id: int
    address_id: int
    owner_id: int
    code_hash: str


async def proofs_under_way(connection: Connection, address_id: int) -> int:
    """Count the codes sent to an address that can still be used."""
    count: int = await _QUERIES.recent_proofs(connection, address_id=address_id)
    return count


async def add_proof(
    connection: Connection, *, contact_id: int, address_id: int, code_hash: str, expires_at: datetime
) -> int:
    """Note that a code went to an address for a contact that claims it; gives the proof's id."""
    proof_id: int = await _QUERIES.add_proof(
        connection, contact_id=contact_id, address_id=address_id, code_hash=code_hash, expires_at=expires_at
    )
    return proof_id


async def try_proof(connection: Connection, proof_id: int, *, contact_id: int, now: datetime) -> Proof | None:
    """Count an attempt at a code and give it; None when it is used, expired or was tried too often."""
    row = await _QUERIES.try_proof(connection, proof_id=proof_id, contact_id=contact_id, now=now)
    if row is None:
        return None
    return Proof(
        proof_id=row["id"],
        contact_id=row["contact_id"],
        address_id=row["address_id"],
        owner_id=row["owner_id"],
        code_hash=row["code_hash"],
    )


async def use_proof(connection: Connection, proof_id: int) -> None:
    """Let a code never be used again."""
    await _QUERIES.use_proof(connection, proof_id=proof_id)
