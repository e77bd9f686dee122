"""Failed deliveries that nothing took the place of, for people to look at and to send again."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Lane
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A failed delivery as operations see it; `reason` is a sentence, `code` the provider's or ours."""

    delivery_id: int
    message_id: int
    conversation_id: int
    contact_name: str
    channel: Channel
    endpoint_key: str
    to: str
    lane: Lane
    purpose: Purpose
    text: str
    attempts: int
    code: str
    reason: str
    created_at: datetime
    failed_at: datetime


class Replayed(Struct, frozen=True, kw_only=True):
    """A delivery queued anew in the place of a failed one."""

    replayed_from: int
    delivery_id: int
    conversation_id: int


async def read(connection: Connection, *, before: int | None, most: int) -> list[DeadLetter]:
    """Give the newest failed deliveries whose id is below `before`."""
    return [
        DeadLetter(
            delivery_id=row["id"],
            message_id=row["message_id"],
            conversation_id=row["conversation_id"],
            contact_name=row["name"],
            channel=Channel(row["channel"]),
            endpoint_key=row["endpoint_key"],
            to=row["uri"],
            lane=Lane(row["lane"]),
            purpose=Purpose(row["purpose"]),
            text=row["text"],
            attempts=row["attempts"],
            code=row["error_code"] or "",
            reason=row["reason"] or "",
            created_at=row["created_at"],
            failed_at=row["updated_at"],
        )
        async for row in _QUERIES.read(connection, before=before, most=most)
    ]


async def replay(connection: Connection, delivery_ids: Sequence[int]) -> list[Replayed]:
    """Queue these failed deliveries anew, each once however often it is asked for."""
    return [
        Replayed(replayed_from=row["replayed_from"], delivery_id=row["id"], conversation_id=row["conversation_id"])
        async for row in _QUERIES.replay(connection, ids=sorted(delivery_ids))
    ]
