"""Contacts, addresses and messages for tests, put straight into a real database."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from gateway.domain.account import TwilioAccount
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Choice, Lane, OutgoingDraft, Route
from gateway.intake.store import reference
from gateway.outbox.store import outgoing

SMS = Endpoint(
    channel=Channel.SMS, provider=Provider.TWILIO, address="+15005550006", account="AC1", sends_per_second=1e4
)
WHATSAPP = Endpoint(
    channel=Channel.WHATSAPP, provider=Provider.TWILIO, address="+15005550007", account="AC1", sends_per_second=1e4
)
MAIL = Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address="help@shop.example", sends_per_second=1e4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Someone:
    """A person with one conversation; `address_ids` are by scheme: tel, mailto."""

    contact_id: int
    conversation_id: int
    address_ids: dict[str, int]


def twilio(*endpoints: Endpoint, **others: object) -> TwilioAccount:
    """An account that has these endpoints."""
    return TwilioAccount(sid="AC1", auth_tokens=("secret",), endpoints=endpoints or (SMS, WHATSAPP), **others)


async def endpoints(pool: asyncpg.Pool, *ours: Endpoint) -> dict[Channel, int]:
    """Enter these endpoints (SMS, WhatsApp and mail by default) and give their ids by channel."""
    given = ours or (SMS, WHATSAPP, MAIL)
    async with pool.acquire() as connection:
        ids = await reference.save_endpoints(connection, given)
    return {endpoint.channel: ids[endpoint.key] for endpoint in given}


async def someone(pool: asyncpg.Pool, *uris: str, language: str | None = "he") -> Someone:
    """A new person with these addresses, `tel:+97250…` by default."""
    contact_id = await pool.fetchval("INSERT INTO contact (name, language) VALUES ('דנה', $1) RETURNING id", language)
    given = uris or (f"tel:+97250{contact_id:07}",)
    address_ids = {
        uri.partition(":")[0]: await pool.fetchval(
            "INSERT INTO address (contact_id, uri) VALUES ($1, $2) RETURNING id", contact_id, uri
        )
        for uri in given
    }
    conversation_id = await pool.fetchval("INSERT INTO conversation (contact_id) VALUES ($1) RETURNING id", contact_id)
    return Someone(contact_id=contact_id, conversation_id=conversation_id, address_ids=address_ids)


def draft(person: Someone, route: Route, text: str = "שלום", **others: object) -> OutgoingDraft:
    """A message to this person by this route: a reply unless said otherwise."""
    values: dict[str, object] = {
        "contact_id": person.contact_id,
        "conversation_id": person.conversation_id,
        "route": route,
        "author": "gateway",
        "text": text,
        "parts": (text,),
        "lane": Lane.REPLY,
        "purpose": Purpose.REPLY,
    }
    return OutgoingDraft(**(values | others))


async def queue(pool: asyncpg.Pool, *drafts: OutgoingDraft) -> list[int]:
    """Queue these messages and give the ids of their deliveries, in order."""
    async with pool.acquire() as connection, connection.transaction():
        message_ids = await outgoing.insert(connection, drafts)
    return await delivery_ids(pool, message_ids)


async def delivery_ids(pool: asyncpg.Pool, message_ids: Sequence[int | None]) -> list[int]:
    """The ids of these messages' deliveries, in order."""
    rows = await pool.fetch("SELECT id FROM delivery WHERE message_id = ANY($1) ORDER BY id", list(message_ids))
    return [row["id"] for row in rows]


async def wrote(pool: asyncpg.Pool, person: Someone, endpoint_id: int, *, hours_ago: float = 0) -> None:
    """Let the person have written to a WhatsApp number of ours this long ago."""
    await pool.execute(
        "INSERT INTO address_window VALUES ($1, $2, now() - make_interval(mins => $3))",
        endpoint_id,
        person.address_ids["tel"],
        int(hours_ago * 60),
    )


async def flood(
    pool: asyncpg.Pool, endpoint_id: int, count: int, *, lane: Lane = Lane.BULK, status: str = "queued"
) -> None:
    """Put many deliveries, each to a person of its own, into the database in one go."""
    await pool.execute(
        """
        WITH person AS (
            INSERT INTO contact (name) SELECT 'c' || n FROM generate_series(1, $1) AS n RETURNING id
        ), reached AS (
            INSERT INTO address (contact_id, uri) SELECT id, 'tel:+1' || (2000000000 + id) FROM person
            RETURNING id, contact_id
        ), talk AS (
            INSERT INTO conversation (contact_id) SELECT id FROM person RETURNING id, contact_id
        ), said AS (
            INSERT INTO message (contact_id, conversation_id, direction, channel, endpoint_id, address_id, author, text,
                                 purpose)
            SELECT reached.contact_id, talk.id, 'outbound', 'sms', $2, reached.id, 'gateway', 'Notice', 'notice'
            FROM reached JOIN talk USING (contact_id)
            RETURNING id, contact_id, conversation_id, address_id
        )
        INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose,
                              text, status, provider_id, sent_at)
        SELECT id, contact_id, conversation_id, address_id, $2, 'sms', $3, 'notice', 'Notice ' || id, $4,
               CASE WHEN $4 <> 'queued' THEN 'SM' || id END, CASE WHEN $4 <> 'queued' THEN now() END
        FROM said
        """,
        count,
        endpoint_id,
        int(lane),
        status,
    )


CHOICES = (Choice(key="yes", label="כן"), Choice(key="no", label="לא"))
