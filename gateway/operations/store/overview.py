"""What operations and probes read: deliveries, payloads with a problem, endpoints, and how long things wait."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.domain.outbox import Status
from gateway.domain.paging import Place
from gateway.operations.cards import DeliveryCard, EndpointCard, ProblemCard
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class Waiting(Struct, frozen=True, kw_only=True):
    """How much waits somewhere, and for how many seconds the oldest has."""

    depth: int
    age_seconds: float


async def deliveries(
    connection: Connection, *, status: Status | None, place: Place, count: int
) -> Sequence[DeliveryCard]:
    """List deliveries, those that changed last first."""
    rows = _QUERIES.deliveries(connection, status=status, before_at=place.at, before_id=place.id, count=count)
    return [
        DeliveryCard(
            delivery_id=row["id"],
            message_id=row["message_id"],
            conversation_id=row["conversation_id"],
            channel=row["channel"],
            endpoint=row["endpoint"],
            address=row["address"],
            lane=row["lane"],
            purpose=row["purpose"],
            status=Status(row["status"]),
            attempts=row["attempts"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            error_code=row["error_code"],
            reason=row["reason"],
            provider_id=row["provider_id"],
        )
        async for row in rows
    ]


async def problems(connection: Connection, *, before: int, count: int) -> Sequence[ProblemCard]:
    """List payloads of which nothing, or not everything, could be made, newest first."""
    rows = _QUERIES.problems(connection, before=before, count=count)
    return [
        ProblemCard(
            raw_id=row["id"],
            source=row["source"],
            received_at=row["received_at"],
            problem=row["problem"],
            size_bytes=row["size_bytes"],
            excerpt=row["excerpt"].decode("utf-8", "replace"),
        )
        async for row in rows
    ]


async def handle_problem(connection: Connection, raw_id: int) -> None:
    """Take a payload off the list of problems; the payload itself stays."""
    await _QUERIES.handle_problem(connection, raw_id=raw_id)


async def endpoints(connection: Connection) -> Sequence[EndpointCard]:
    """List our numbers and mailboxes, those in use first."""
    return [
        EndpointCard(
            endpoint_id=row["id"],
            key=row["key"],
            channel=row["channel"],
            address=row["address"],
            name=row["name"],
            active=row["active"],
            sends_per_second=row["sends_per_second"],
            paused_until=row["paused_until"],
            paused_reason=row["paused_reason"],
        )
        async for row in _QUERIES.endpoints(connection)
    ]


async def lanes(connection: Connection) -> Mapping[int, Waiting]:
    """Say how much waits in each lane of the outbox that is not empty."""
    rows = _QUERIES.lanes(connection)
    return {row["lane"]: Waiting(depth=row["depth"], age_seconds=row["age"]) async for row in rows}


async def queues(connection: Connection) -> Mapping[str, Waiting]:
    """Say how many cases wait for a person in each queue."""
    rows = _QUERIES.queues(connection)
    return {row["queue"]: Waiting(depth=row["depth"], age_seconds=row["age"]) async for row in rows}


async def stuck(connection: Connection) -> Mapping[str, int]:
    """Count what needs operations: `dead` letters, `unknown` deliveries, payload `problems`."""
    row = await _QUERIES.stuck(connection)
    return dict(row)
