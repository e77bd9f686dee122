"""How many messages a second the worker hands to a provider, next to the same client in a bare loop."""

import asyncio
import statistics
from collections.abc import Iterable

from gateway.bench.provider import arrivals
from gateway.bench.rows import Row
from gateway.bench.stage import Stage, process
from gateway.bench.work import Work
from gateway.domain.channel import Channel
from gateway.domain.outbox import Lane

BAR = 0.7
# How many sends to one endpoint the worker has under way at most; the bare loop has as many.
AT_ONCE = 100
_PATIENCE_SECONDS = 60
_WARM_SHARE, _WARM_LEAST = 10, 100


_QUEUE = """
WITH written AS (
    INSERT INTO message (contact_id, conversation_id, direction, channel, endpoint_id, address_id, author, text,
                         purpose)
    SELECT c.contact_id, c.id, 'outbound', e.channel, e.id, a.id, 'campaign', $3, 'notice'
    FROM endpoint AS e
    CROSS JOIN (SELECT * FROM address WHERE starts_with(uri, 'tel:') ORDER BY id OFFSET $5 LIMIT $2) AS a
    JOIN conversation AS c USING (contact_id)
    WHERE e.key = $1
    RETURNING *
)
INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, text)
SELECT id, contact_id, conversation_id, address_id, endpoint_id, channel, $4::smallint, purpose, text FROM written
"""
_OPEN_WINDOWS = """
INSERT INTO address_window (endpoint_id, address_id, last_inbound_at)
SELECT e.id, a.id, now() FROM endpoint AS e CROSS JOIN address AS a WHERE e.channel = 'whatsapp'
"""
TEXT = "שלום, החשבון שלך לחודש זה מוכן. אפשר לראות אותו באתר."


async def queue(set_stage: Stage, channel: Channel, *, count: int, lane: Lane, first: int = 0) -> None:
    """Put a message to each of `count` contacts into the outbox, in one transaction."""
    key = next(each.key for each in set_stage.settings.endpoints if each.channel == channel)
    await set_stage.pool.execute(_QUEUE, key, count, TEXT, lane, first)


async def sending_rows(work: Work, *, count: int, rounds: int) -> list[Row]:
    """Measure worker and bare client in turn, over Twilio and over WhatsApp Cloud; report the medians."""
    await work.stage.pool.execute(_OPEN_WINDOWS)
    twilio = await _compare(work, "Twilio", channel=Channel.SMS, bare="twilio", count=count, rounds=rounds)
    cloud = await _compare(
        work, "WhatsApp Cloud", channel=Channel.WHATSAPP, bare="whatsapp", count=count, rounds=rounds
    )
    return twilio + cloud


async def _compare(work: Work, name: str, *, channel: Channel, bare: str, count: int, rounds: int) -> list[Row]:
    await _worker_rate(work, channel, count=max(count // _WARM_SHARE, _WARM_LEAST))
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(await _bare_rate(work, bare, count=count))
        ours.append(await _worker_rate(work, channel, count=count))
    ratio = statistics.median(mine / bare_rate for mine, bare_rate in zip(ours, theirs, strict=True))
    return [
        Row(row=f"sends through {name} ÷ bare client", value=ratio, unit="ratio", bar=BAR),
        Row(row=f"sends through {name}", value=statistics.median(ours), unit="1/s"),
        Row(row=f"bare {name} client", value=statistics.median(theirs), unit="1/s"),
    ]


async def _worker_rate(work: Work, channel: Channel, *, count: int) -> float:
    await arrivals(work.provider_port)
    await queue(work.stage, channel, count=count, lane=Lane.TRANSACTIONAL)
    return _rate(await _all_arrived(work.provider_port, count))


async def _bare_rate(work: Work, kind: str, *, count: int) -> float:
    port = str(work.provider_port)
    with process(work.stage.environ, "gateway.bench.bare_sending", kind, port, str(count), str(AT_ONCE)):
        return _rate(await _all_arrived(work.provider_port, count))


async def _all_arrived(port: int, count: int) -> list[float]:
    """Wait until the provider has had `count` messages; gives when each came."""
    times: list[float] = []
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while len(times) < count:
            await asyncio.sleep(0.25)
            times += (await arrivals(port)).values()
    return times


def _rate(times: Iterable[float]) -> float:
    """Messages a second from the first tenth on, when whoever sends has got going."""
    ordered = sorted(times)
    begun = len(ordered) // 10
    return (len(ordered) - 1 - begun) / (ordered[-1] - ordered[begun])
