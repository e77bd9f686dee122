"""Contacts and their addresses as they are read. Making and merging them is done beside it."""

from collections.abc import Sequence

import asyncpg

from gateway.domain.consent import ConsentState, Purpose
from gateway.people.cards import AddressCard, ContactCard
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


async def page(connection: Connection, *, uris: Sequence[str] | None, after: int, count: int) -> Sequence[ContactCard]:
    """List contacts by id, those with one of these addresses or all; merged ones appear as who they became."""
    rows = _QUERIES.page(connection, uris=None if uris is None else list(uris), after=after, count=count)
    return await _cards(connection, [row async for row in rows])


async def one(connection: Connection, contact_id: int) -> ContactCard | None:
    """Find a contact, or the one it was merged into."""
    sql = _QUERIES
    survivor = await sql.survivor(connection, contact_id=contact_id)
    row = None if survivor is None else await sql.one(connection, contact_id=survivor)
    return None if row is None else (await _cards(connection, [row]))[0]


async def _cards(connection: Connection, rows: Sequence[asyncpg.Record]) -> Sequence[ContactCard]:
    addresses: dict[int, list[AddressCard]] = {}
    async for row in _QUERIES.addresses(connection, contact_ids=[row["id"] for row in rows]):
        addresses.setdefault(row["contact_id"], []).append(_address(row))
    return [
        ContactCard(
            contact_id=row["id"],
            name=row["name"],
            language=row["language"],
            conversation_id=row["conversation_id"],
            created_at=row["created_at"],
            addresses=tuple(addresses.get(row["id"], ())),
        )
        for row in rows
    ]


def _address(row: asyncpg.Record) -> AddressCard:
    return AddressCard(
        address_id=row["id"],
        uri=row["uri"],
        proven=row["proven"],
        opted_out=frozenset(map(Purpose, row["opted_out"])),
        consent=ConsentState(row["consent"]) if row["consent"] else None,
        unreachable=row["unreachable"],
    )
