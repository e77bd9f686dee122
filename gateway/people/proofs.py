"""Proving that a contact also holds another address: whoever reads out the code that went there holds it.

Sending the code is `gateway.desk.verification`'s.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.domain.errors import Conflict, Refused
from gateway.domain.people import Address, AddressKey, NewAddress, Person
from gateway.people.merging import merge
from gateway.people.store import addresses
from gateway.people.store import merges as store
from gateway.store.db import Connection, Pool

CODE_DIGITS = 6
VALID_MINUTES = 15
CODES_UNDER_WAY = 3


class Claim(Struct, frozen=True, kw_only=True):
    """A claim of an address that waits to be proven; `code` is for whoever reads what arrives there."""

    proof_id: int
    person: Person
    code: str


async def claim(connection: Connection, *, contact_id: int, address: Address, now: datetime) -> Claim:
    """Note, within the caller's transaction, that a contact claims an address, and make the code that would prove it.

    Raises:
        Refused: too many codes are under way to the address.
        Conflict: the address already belongs to the contact.
    """
    person = await _person_at(connection, address)
    if person.contact_id == contact_id:
        raise Conflict(f"{address} already belongs to this contact")
    if await store.proofs_under_way(connection, person.address_id) >= CODES_UNDER_WAY:
        raise Refused(f"{CODES_UNDER_WAY} codes are already under way to {address}; wait {VALID_MINUTES} minutes")
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    proof_id = await store.add_proof(
        connection,
        contact_id=contact_id,
        address_id=person.address_id,
        code_hash=_hash(person.address_id, code),
        expires_at=now + timedelta(minutes=VALID_MINUTES),
    )
    return Claim(proof_id=proof_id, person=person, code=code)


async def confirm_code(
    pool: Pool, proof_id: int, code: str, *, contact_id: int, actor: str, now: datetime
) -> int | None:
    """Check a code; when it is right, merge the address's owner into the contact and give the merge's id, else None."""
    async with pool.acquire() as connection, connection.transaction():
        proof = await store.try_proof(connection, proof_id, contact_id=contact_id, now=now)
        if proof is None or not hmac.compare_digest(proof.code_hash, _hash(proof.address_id, code.strip())):
            return None
        await store.use_proof(connection, proof_id)
        return await merge(
            connection, proof.owner_id, contact_id, proof="a code sent to the other address", actor=actor
        )


async def _person_at(connection: Connection, address: Address) -> Person:
    key = AddressKey(uri=str(address), proven=True)
    known = await addresses.find_people(connection, [key])
    if key not in known:
        await addresses.create_people(connection, [NewAddress(key=key)])
        known = await addresses.find_people(connection, [key])
    return known[key]


def _hash(address_id: int, code: str) -> str:
    return hashlib.sha256(f"{address_id}:{code}".encode()).hexdigest()
