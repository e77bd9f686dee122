"""What providers say of our deliveries: every report is kept, and a delivery only ever moves forward."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.domain.channel import Channel
from gateway.domain.messages import storable
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class StatusReport(Struct, frozen=True, kw_only=True):
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
    """The delivery a report is about, and the address it went to."""

    delivery_id: int
    address_id: int
    channel: Channel
    uri: str


class Moved(Struct, frozen=True, kw_only=True):
    """A delivery that moved, and where it stands now."""

    delivery_id: int
    conversation_id: int
    status: str


async def keep(connection: Connection, reports: Sequence[StatusReport]) -> list[About | None]:
    """Keep these reports, and give the delivery each is about; None where it is not known yet."""
    about: list[About | None] = [None] * len(reports)
    async for row in _QUERIES.keep(
        connection,
        endpoint_ids=[report.endpoint_id for report in reports],
        delivery_ids=[report.named_id for report in reports],
        provider_ids=[storable(report.provider_id) for report in reports],
        statuses=[report.status for report in reports],
        codes=[report.code for report in reports],
        reasons=[storable(report.reason) if report.reason else None for report in reports],
        occurred_ats=[report.occurred_at for report in reports],
        raw_ids=[report.raw_id for report in reports],
    ):
        about[row["ord"]] = About(
            delivery_id=row["delivery_id"],
            address_id=row["address_id"],
            channel=Channel(row["channel"]),
            uri=row["uri"],
        )
    return about


async def apply(connection: Connection, delivery_ids: Iterable[int]) -> list[Moved]:
    """Move these deliveries as far as the reports kept about them say."""
    ids = sorted(set(delivery_ids))
    rows = [row async for row in _QUERIES.apply(connection, ids=ids)]
    await _QUERIES.name_deliveries(connection, ids=ids)
    return [Moved(delivery_id=row["id"], conversation_id=row["conversation_id"], status=row["status"]) for row in rows]


async def attach(connection: Connection, delivery_ids: Iterable[int]) -> list[int]:
    """Give unmatched reports to these deliveries, whose provider ids were just written; gives the ids that had any."""
    rows = _QUERIES.attach(connection, ids=sorted(set(delivery_ids)))
    return [row["delivery_id"] async for row in rows]


async def attach_unmatched(connection: Connection) -> list[int]:
    """Give unmatched reports to the deliveries that are known by now; gives those delivery ids."""
    return [row["delivery_id"] async for row in _QUERIES.attach_unmatched(connection)]
