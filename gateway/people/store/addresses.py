"""Addresses, the people behind them, and the locks of their conversations. Deciding whose one is is not done here."""

from collections.abc import Mapping, Sequence

import asyncpg

from gateway.domain.people import AddressKey, NewAddress, Person
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


async def find_people(connection: Connection, keys: Sequence[AddressKey]) -> dict[AddressKey, Person]:
    """Give the people behind the known ones among these addresses."""
    rows = _QUERIES.find_addresses(connection, **_key_columns(keys))
    return {keys[row["ord"]]: _person(row) async for row in rows}


async def find_and_lock(connection: Connection, keys: Sequence[AddressKey]) -> tuple[dict[AddressKey, Person], bool]:
    """Give the people behind the known ones, and lock their conversations for this transaction, in id order.

    False when one of these was merged away meanwhile.
    """
    people: dict[AddressKey, Person] = {}
    all_stand = True
    async for row in _QUERIES.find_and_lock(connection, **_key_columns(keys)):
        people[keys[row["ord"]]] = _person(row)
        all_stand = all_stand and row["merged_into"] is None
    return people, all_stand


def _key_columns(keys: Sequence[AddressKey]) -> dict[str, Sequence[object]]:
    return {"uris": [key.uri for key in keys], "provens": [key.proven for key in keys]}


def _person(row: asyncpg.Record) -> Person:
    return Person(
        address_id=row["address_id"],
        contact_id=row["contact_id"],
        conversation_id=row["conversation_id"],
        name=row["name"],
    )


async def create_people(connection: Connection, addresses: Sequence[NewAddress]) -> None:
    """Add these addresses, each to its contact or to a new contact and conversation; known ones stay as they are."""
    await _QUERIES.create_people(
        connection,
        uris=[address.key.uri for address in addresses],
        provens=[address.key.proven for address in addresses],
        contact_ids=[address.contact_id for address in addresses],
        names=[address.name for address in addresses],
        languages=[address.language for address in addresses],
    )


async def name_contacts(connection: Connection, names: Mapping[int, str]) -> None:
    """Give these contacts a name, where they have none."""
    await _QUERIES.name_contacts(connection, contact_ids=list(names), names=list(names.values()))


async def lock_conversations(connection: Connection, conversation_ids: Sequence[int]) -> bool:
    """Lock conversations for this transaction, in id order; False when one was merged away or erased meanwhile."""
    wanted = sorted(set(conversation_ids))
    rows = _QUERIES.lock_conversations(connection, conversation_ids=wanted)
    merged = [row["merged_into"] async for row in rows]
    return len(merged) == len(wanted) and all(into is None for into in merged)
