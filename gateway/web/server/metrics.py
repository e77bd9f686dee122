"""The figures that are counted when they are asked for: what waits in the outbox and the queues, and sends so far."""

import asyncio

from prometheus_client import Gauge

from gateway.domain.outbox import Lane
from gateway.operations import overview
from gateway.store.away import DATABASE_TROUBLE
from gateway.web.server.services import Services

OUTBOX_DEPTH = Gauge("eshnav_outbox_depth", "Deliveries waiting to be sent", ["lane"])
OUTBOX_AGE = Gauge("eshnav_outbox_age_seconds", "How long the oldest due delivery has waited", ["lane"])
QUEUE_DEPTH = Gauge("eshnav_queue_depth", "Open cases no person has answered", ["queue"])
QUEUE_AGE = Gauge("eshnav_queue_age_seconds", "How long the oldest case no person has answered has waited", ["queue"])
STUCK = Gauge(
    "eshnav_stuck", "What waits for a person: dead letters, unknown deliveries, payloads nobody read", ["what"]
)
SENDS = Gauge("eshnav_sends", "Sends so far, of all senders, by what became of them", ["channel", "outcome"])
SCRAPED = Gauge("eshnav_database_answers", "1 when PostgreSQL answered this scrape")

_PATIENCE_SECONDS = 3.0


async def refresh(services: Services) -> None:
    """Count anew; figures PostgreSQL cannot give now are left out of the scrape rather than stale."""
    for (channel, outcome), count in (await services.counters.read()).items():
        SENDS.labels(channel, outcome).set(count)
    for gauge in (OUTBOX_DEPTH, OUTBOX_AGE, QUEUE_DEPTH, QUEUE_AGE, STUCK):
        gauge.clear()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            depths = await overview.depths(services.pool)
    except DATABASE_TROUBLE:
        SCRAPED.set(0)
        return
    SCRAPED.set(1)
    for lane in Lane:
        waiting = depths.lanes.get(lane)
        OUTBOX_DEPTH.labels(lane.name.lower()).set(waiting.depth if waiting else 0)
        OUTBOX_AGE.labels(lane.name.lower()).set(waiting.age_seconds if waiting else 0)
    for queue, waiting in depths.queues.items():
        QUEUE_DEPTH.labels(queue).set(waiting.depth)
        QUEUE_AGE.labels(queue).set(waiting.age_seconds)
    for what, count in depths.stuck.items():
        STUCK.labels(what).set(count)
