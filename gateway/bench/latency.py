"""How long a reply takes, from the webhook to the provider being asked to send, while a campaign drains."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import available_timezones

from gateway.bench.inbound import signed
from gateway.bench.load import run_paced
from gateway.bench.provider import arrivals
from gateway.bench.rows import Row
from gateway.bench.sending import queue
from gateway.bench.stage import Stage, number
from gateway.bench.work import Work
from gateway.domain.channel import Channel
from gateway.domain.outbox import Lane
from gateway.outbox.quiet_hours import next_open

PER_SECOND = 100
BAR_HALF_MS, BAR_MOST_MS = 50, 300
_CONNECTIONS = 64
_LOOKS = 20
# Numbers its messages far from every other bench's, and a multiple of any round number of contacts.
_FIRST = 1_000_000_000
_ANSWERED = ("What are your opening hours?", "מה שעות הפתיחה?")


async def latency_rows(work: Work, *, bulk: int, seconds: float) -> list[Row]:
    """Send webhooks at a fixed pace for so long while `bulk` deliveries drain through the same worker."""
    await _pace(work, first=_FIRST, count=PER_SECOND)
    lane = await _queue_bulk(work.stage, bulk)
    count = int(PER_SECOND * seconds)
    latencies, drained = await _pace(work, first=_FIRST + PER_SECOND, count=count)
    left = await work.stage.pool.fetchval(
        "SELECT count(*) FROM delivery WHERE status = 'queued' AND lane = $1", int(lane)
    )
    await work.stage.pool.execute("UPDATE delivery SET status = 'suppressed' WHERE status = 'queued'")
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
        await queue(set_stage, Channel.SMS, count=bulk // 2, lane=lane, first=half)
    return lane


def _waking_zone(at: datetime) -> str | None:
    """Find a zone where a campaign may go out now and for an hour to come."""
    for zone in sorted(name for name in available_timezones() if name.startswith("Etc/GMT")):
        if next_open(at, zone) == at:
            return zone
    return None


async def _pace(work: Work, *, first: int, count: int) -> tuple[list[float], int]:
    """Give the replies' latencies in seconds, and how many other deliveries the provider saw meanwhile."""
    await arrivals(work.provider_port)
    requests = signed(work.stage, first=first, count=count, texts=_ANSWERED, mixed=False)
    port = work.stage.settings.port
    due = await run_paced("127.0.0.1", port, requests, per_second=PER_SECOND, connections=_CONNECTIONS)
    places = range(first, first + count)
    writers = [number(index % work.stage.contacts).removeprefix("+") for index in places]
    came = dict(await arrivals(work.provider_port))
    others = len(came.keys() - set(writers))
    for _ in range(_LOOKS):
        if came.keys() >= set(writers):
            break
        await asyncio.sleep(0.25)
        came = dict(await arrivals(work.provider_port)) | came
    return [came[writer] - at for writer, at in zip(writers, due, strict=True) if writer in came], others
