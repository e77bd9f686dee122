"""How long a reply takes, from the webhook to the provider being asked to send, while a campaign drains."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import available_timezones

from gateway.bench.inbound import signed
from gateway.bench.load import run_paced
from gateway.bench.provider import arrivals
from gateway.bench.rows import Row
from gateway.bench.sending import provider_config, queue
from gateway.bench.stage import Servers, Stage, answering, free_ports, number, process, scene
from gateway.domain.delivery import Lane
from gateway.usecases.quiet_hours import next_open

PER_SECOND = 100
BAR_HALF_MS, BAR_MOST_MS = 50, 300
_CONNECTIONS = 64
_ANSWERED = ("What are your opening hours?", "מה שעות הפתיחה?")


async def latency_rows(running: Servers, *, bulk: int, seconds: float) -> list[Row]:
    """Send webhooks at a fixed pace for so long while `bulk` deliveries drain through the same worker."""
    port = free_ports(1)[0]
    async with scene(running, config=provider_config(port)) as set_stage:
        with (
            process(set_stage.environ, "gateway.bench.provider", str(port)),
            process(set_stage.environ, "gateway.cli", "app"),
            process(set_stage.environ, "gateway.cli", "worker"),
        ):
            await answering(f"http://127.0.0.1:{port}/")
            await answering(f"{set_stage.settings.public_url}/readyz")
            await _pace(set_stage, port, first=0, count=PER_SECOND)
            lane = await _queue_bulk(set_stage, bulk)
            count = int(PER_SECOND * seconds)
            latencies, drained = await _pace(set_stage, port, first=PER_SECOND, count=count)
            left = await set_stage.pool.fetchval(
                "SELECT count(*) FROM delivery WHERE status = 'queued' AND lane = $1", lane
            )
    ordered = sorted(latencies)
    return [
        Row(
            row="reply latency, p50",
            value=1000 * ordered[len(ordered) // 2],
            unit="ms",
            bar=BAR_HALF_MS,
            bar_is_ceiling=True,
        ),
        Row(
            row="reply latency, p99",
            value=1000 * ordered[int(len(ordered) * 0.99)],
            unit="ms",
            bar=BAR_MOST_MS,
            bar_is_ceiling=True,
        ),
        Row(row="bulk deliveries sent meanwhile", value=drained / seconds, unit="1/s"),
        Row(row="bulk deliveries still waiting then", value=left, unit="deliveries"),
        Row(row="webhooks without a reply", value=count - len(ordered), unit="messages", bar=0, bar_is_ceiling=True),
    ]


async def _queue_bulk(set_stage: Stage, bulk: int) -> Lane:
    """Queue two notices to each of the contacts in the second half of the table, where it is day now."""
    zone = _waking_zone(datetime.now(UTC))
    await set_stage.pool.execute("UPDATE contact SET file = jsonb_build_object('zone', $1::text)", zone or "UTC")
    await set_stage.pool.execute("VACUUM (ANALYZE) contact")
    # On a Saturday there are hours when campaigns rest all over the world; the lane before then stands in.
    lane = Lane.BULK if zone else Lane.TRANSACTIONAL
    half = set_stage.contacts // 2
    for _ in range(2):
        await queue(set_stage, "sms", count=bulk // 2, lane=lane, first=half)
    return lane


def _waking_zone(at: datetime) -> str | None:
    """Find a zone where a campaign may go out now and for an hour to come."""
    for zone in sorted(name for name in available_timezones() if name.startswith("Etc/GMT")):
        if next_open(at, zone) == at:
            return zone
    return None


async def _pace(set_stage: Stage, port: int, *, first: int, count: int) -> tuple[list[float], int]:
    """Give the replies' latencies in seconds, and how many other deliveries the provider saw meanwhile."""
    await arrivals(port)
    requests = signed(set_stage, first=first, count=count, texts=_ANSWERED, mixed=False)
    due = await run_paced(
        "127.0.0.1", set_stage.settings.port, requests, per_second=PER_SECOND, connections=_CONNECTIONS
    )
    writers = [number(index).removeprefix("+") for index in range(first, first + count)]
    came = dict(await arrivals(port))
    others = len(came.keys() - set(writers))
    for _ in range(20):
        if came.keys() >= set(writers):
            break
        await asyncio.sleep(0.25)
        came = dict(await arrivals(port)) | came
    return [came[writer] - at for writer, at in zip(writers, due, strict=True) if writer in came], others
