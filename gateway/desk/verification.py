"""Sending the code that proves an address to that address. What a right code proves is `gateway.people.proofs`'s."""

from collections.abc import Mapping
from datetime import datetime

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.errors import Refused
from gateway.domain.language import Language
from gateway.domain.outbox import AUTHOR, Lane, OutgoingDraft, Route
from gateway.domain.people import Address, Scheme
from gateway.outbox.store import outgoing
from gateway.people import proofs
from gateway.store.db import Pool
from gateway.wording import Wording

_CHANNEL = {Scheme.TEL: Channel.SMS, Scheme.MAILTO: Channel.EMAIL, Scheme.WA: Channel.WHATSAPP}
_TEMPLATE = "identity.code"


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
    """Send a code to an address this contact says is theirs; returns the proof's id for `proofs.confirm_code`.

    Raises:
        Refused: there is no endpoint to reach the address from, or too many codes are under way to it.
        Conflict: the address already belongs to the contact.
    """
    channel = _CHANNEL[address.scheme]
    if channel not in endpoint_ids:
        raise Refused(f"no {channel} endpoint is configured, so a code cannot reach {address}")
    async with pool.acquire() as connection, connection.transaction():
        claim = await proofs.claim(connection, contact_id=contact_id, address=address, now=now)
        text = wording.render(_TEMPLATE, language, {"code": claim.code}, channel)
        draft = OutgoingDraft(
            contact_id=claim.person.contact_id,
            conversation_id=claim.person.conversation_id,
            route=Route(address_id=claim.person.address_id, endpoint_id=endpoint_ids[channel], channel=channel),
            author=AUTHOR,
            text=text.text,
            parts=(text.text,),
            subject=text.subject,
            lane=Lane.REPLY,
            purpose=Purpose.REPLY,
            template=_TEMPLATE,
        )
        await outgoing.queue(connection, [draft])
    return claim.proof_id
