"""Proving that a contact also holds another address: a code goes to that address, and whoever reads it out holds it."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.domain.address import Address, Scheme
from gateway.domain.arrival import AddressKey, NewAddress, Person
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.delivery import Lane
from gateway.domain.errors import Conflict, Refused
from gateway.domain.language import Language
from gateway.domain.outbound import OutgoingDraft, Route
from gateway.store import identity as store
from gateway.store import intake as people
from gateway.store import outgoing
from gateway.store.db import Connection, Pool
from gateway.usecases.identity import merge
from gateway.wording import Wording

CODE_DIGITS = 6
VALID_MINUTES = 15
CODES_UNDER_WAY = 3
_CHANNEL = {Scheme.TEL: Channel.SMS, Scheme.MAILTO: Channel.EMAIL, Scheme.WA: Channel.WHATSAPP}


async def send_code(
    pool: Pool,
    wording: Wording,
    *,
    contact_id: int,
    address: Address,
    endpoint_ids: Mapping[Channel, int],
    language: Language,
    now: datetime,
) -> int:
    """Send a code to an address this contact says is theirs; gives the proof's id for `confirm_code`.

    Raises:
        Refused: there is no endpoint to reach the address from, or too many codes are under way to it.
        Conflict: the address already belongs to the contact.
    """
    channel = _CHANNEL[address.scheme]
    if channel not in endpoint_ids:
        raise Refused(f"no {channel} endpoint is configured, so a code cannot reach {address}")
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    text = wording.render("identity.code", language, {"code": code}, channel)
    async with pool.acquire() as connection, connection.transaction():
        person = await _person_at(connection, address)
        if person.contact_id == contact_id:
            raise Conflict(f"{address} already belongs to this contact")
        if await store.proofs_under_way(connection, person.address_id) >= CODES_UNDER_WAY:
            raise Refused(f"{CODES_UNDER_WAY} codes are already under way to {address}; wait {VALID_MINUTES} minutes")
        draft = OutgoingDraft(
            contact_id=person.contact_id,
            conversation_id=person.conversation_id,
            route=Route(address_id=person.address_id, endpoint_id=endpoint_ids[channel], channel=channel),
            author="gateway",
            text=text.text,
            parts=(text.text,),
            subject=text.subject,
            lane=Lane.REPLY,
            purpose=Purpose.REPLY,
            template="identity.code",
        )
        await outgoing.queue(connection, [draft])
        return await store.add_proof(
            connection,
            contact_id=contact_id,
            address_id=person.address_id,
            code_hash=_hash(person.address_id, code),
            expires_at=now + timedelta(minutes=VALID_MINUTES),
        )


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
    known = await people.find_people(connection, [key])
    if key not in known:
        await people.create_people(connection, [NewAddress(key=key)])
        known = await people.find_people(connection, [key])
    return known[key]


def _hash(address_id: int, code: str) -> str:
    return hashlib.sha256(f"{address_id}:{code}".encode()).hexdigest()
