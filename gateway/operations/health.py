"""How everything fares, on one page: what waits, what fails, what comes in, and which processes are there."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from redis.asyncio import Redis

from gateway.domain.outbox import Lane
from gateway.operations.cards import EndpointCard
from gateway.operations.store import health as store
from gateway.operations.store import overview as shared
from gateway.operations.store import restore_guard
from gateway.operations.store.health import Results, Traffic
from gateway.operations.store.overview import Waiting
from gateway.operations.store.restore_guard import Held
from gateway.redis.client import REDIS_AWAY
from gateway.redis.heartbeat import Process, living
from gateway.store.db import Pool

_NOTHING = Waiting(depth=0, age_seconds=0.0)


class Jobs(Struct, frozen=True, kw_only=True):
    """RQ's queue: how many jobs wait, run, and have failed within a week."""

    waiting: int
    running: int
    failed: int


class Health(Struct, frozen=True, kw_only=True):
    """Everything the page shows; `jobs` and `processes` are None while Redis is away."""

    counts: Mapping[str, int]
    held: Held
    lanes: Mapping[Lane, Waiting]
    traffic: Sequence[Traffic]
    endpoints: Sequence[tuple[EndpointCard, Results]]
    jobs: Jobs | None
    processes: Sequence[Process] | None


async def look(pool: Pool, redis: Redis | None, *, queue: str) -> Health:
    """Look at everything once; `queue` is the name of RQ's.

    Raises:
        OSError, asyncpg.PostgresError: PostgreSQL is away.
    """
    jobs, processes = await _look_at_redis(redis, queue)
    async with pool.acquire() as connection:
        lanes = await shared.lanes(connection)
        results = await store.results(connection)
        return Health(
            counts=await shared.stuck(connection),
            held=await restore_guard.held(connection),
            lanes={lane: lanes.get(lane, _NOTHING) for lane in Lane},
            traffic=await store.traffic(connection),
            endpoints=[(each, results.get(each.endpoint_id, Results())) for each in await shared.endpoints(connection)],
            jobs=jobs,
            processes=processes,
        )


async def _look_at_redis(redis: Redis | None, queue: str) -> tuple[Jobs | None, Sequence[Process] | None]:
    if redis is None:
        return None, None
    try:
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.llen(f"rq:queue:{queue}")
            pipeline.zcard(f"rq:wip:{queue}")
            pipeline.zcard(f"rq:failed:{queue}")
            waiting, running, failed = await pipeline.execute()
        return Jobs(waiting=waiting, running=running, failed=failed), await living(redis)
    except REDIS_AWAY:
        return None, None
