"""What operations look at: deliveries, payloads with a problem, endpoints. Replaying is `operations.dead_letters`'."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.domain.outbox import Status
from gateway.domain.paging import Page, Place, cut, place_of
from gateway.operations.cards import DeliveryCard, EndpointCard, ProblemCard
from gateway.operations.store import dead_letters
from gateway.operations.store import overview as store
from gateway.operations.store.dead_letters import DeadLetter
from gateway.store.db import Pool

_END = 2**62


class Overview(Struct, frozen=True, kw_only=True):
    """The state of the gateway on one page."""

    counts: Mapping[str, int]
    problems: Sequence[ProblemCard]
    dead: Sequence[DeadLetter]
    uncertain: Sequence[DeliveryCard]
    endpoints: Sequence[EndpointCard]


class Depths(Struct, frozen=True, kw_only=True):
    """How much waits: per lane of the outbox, and per queue of cases; `stuck` is what only people can settle."""

    lanes: Mapping[int, store.Waiting]
    queues: Mapping[str, store.Waiting]
    stuck: Mapping[str, int]


async def list_deliveries(pool: Pool, *, status: Status | None, cursor: str | None, limit: int) -> Page[DeliveryCard]:
    """List deliveries, those that changed last first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    async with pool.acquire() as connection:
        found = await store.deliveries(connection, status=status, place=place_of(cursor), count=limit + 1)
    items, last = cut(found, limit)
    return Page(items=items, next=Place(at=last.updated_at, id=last.delivery_id).cursor() if last else None)


async def overview(pool: Pool, *, count: int = 50) -> Overview:
    """Gather what operations see first."""
    async with pool.acquire() as connection:
        return Overview(
            counts=await store.stuck(connection),
            problems=await store.problems(connection, before=_END, count=count),
            dead=await dead_letters.read(connection, before=None, most=count),
            uncertain=await store.deliveries(connection, status=Status.UNKNOWN, place=Place(), count=count),
            endpoints=await store.endpoints(connection),
        )


async def handle_problem(pool: Pool, raw_id: int) -> None:
    """Take a payload off the list of problems; the payload itself stays."""
    async with pool.acquire() as connection:
        await store.handle_problem(connection, raw_id)


async def depths(pool: Pool) -> Depths:
    """Measure what waits, for the metrics."""
    async with pool.acquire() as connection:
        return Depths(
            lanes=await store.lanes(connection),
            queues=await store.queues(connection),
            stuck=await store.stuck(connection),
        )
