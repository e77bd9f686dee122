"""What providers say of our deliveries: every word is kept, and a delivery only ever moves forward."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.domain.channel import Channel
from gateway.domain.text import storable
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class Word(Struct, frozen=True, kw_only=True):
    """One thing a provider said of one delivery; `named_id` is our own id, when the callback carried it."""

    endpoint_id: int
    provider_id: str
    status: str
    named_id: int | None = None
    code: str | None = None
    reason: str | None = None
    occurred_at: datetime | None = None
    raw_id: int | None = None


class About(Struct, frozen=True, kw_only=True):
    """The delivery a word is about, and the address it went to."""

    delivery_id: int
    address_id: int
    channel: Channel
    uri: str


class Moved(Struct, frozen=True, kw_only=True):
    """A delivery that moved, and where it stands now."""

    delivery_id: int
    conversation_id: int
    status: str


async def keep(connection: Connection, words: Sequence[Word]) -> list[About | None]:
    """Keep these words, and give the delivery each is about; None where it is not known yet."""
    about: list[About | None] = [None] * len(words)
    async for row in _QUERIES.keep(
        connection,
        endpoint_ids=[word.endpoint_id for word in words],
        delivery_ids=[word.named_id for word in words],
        provider_ids=[storable(word.provider_id) for word in words],
        statuses=[word.status for word in words],
        codes=[word.code for word in words],
        reasons=[storable(word.reason) if word.reason else None for word in words],
        occurred_ats=[word.occurred_at for word in words],
        raw_ids=[word.raw_id for word in words],
    ):
        about[row["ord"]] = About(
            delivery_id=row["delivery_id"],
            address_id=row["address_id"],
            channel=Channel(row["channel"]),
            uri=row["uri"],
        )
    return about


async def apply(connection: Connection, delivery_ids: Iterable[int]) -> list[Moved]:
    """Move these deliveries as far as the words kept about them say."""
    ids = sorted(set(delivery_ids))
    rows = [row async for row in _QUERIES.apply(connection, ids=ids)]
    await _QUERIES.name_deliveries(connection, ids=ids)
    return [Moved(delivery_id=row["id"], conversation_id=row["conversation_id"], status=row["status"]) for row in rows]


async def adopt(connection: Connection, delivery_ids: Iterable[int]) -> list[int]:
    """Give parked words to these deliveries, whose provider ids were just written; gives the ids that had any."""
    rows = _QUERIES.adopt(connection, ids=sorted(set(delivery_ids)))
    return [row["delivery_id"] async for row in rows]


async def adopt_parked(connection: Connection) -> list[int]:
    """Give parked words to the deliveries that are known by now; gives those delivery ids."""
    return [row["delivery_id"] async for row in _QUERIES.adopt_parked(connection)]
