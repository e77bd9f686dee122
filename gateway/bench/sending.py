"""How many messages a second the worker hands to a provider, next to the same client in a bare loop."""

import asyncio
import json
import statistics
from collections.abc import Iterable

from gateway.bench.provider import arrivals
from gateway.bench.rows import Row
from gateway.bench.stage import Servers, Stage, answering, free_ports, process, scene

BAR = 0.7
# How many sends to one endpoint the worker has under way at most; the bare loop has as many.
AT_ONCE = 100
_ENOUGH = 100_000
_PATIENCE_SECONDS = 60
_WARM_SHARE = 10

_TWILIO_SID, _SMS_FROM, _PHONE_NUMBER_ID = "AC" + "5a" * 16, "+15005550006", "100000000000001"

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


def provider_config(port: int) -> str:
    """Write the eshnav.toml of accounts whose provider listens on this port, and that may send as fast as they can."""
    sms = f'{{address = "{_SMS_FROM}", sends_per_second = {_ENOUGH}}}'
    cloud = f'{{address = "{_PHONE_NUMBER_ID}", sends_per_second = {_ENOUGH}}}'
    return "\n".join(
        (
            "[twilio]",
            f"account_sid = {json.dumps(_TWILIO_SID)}",
            'auth_token = "bench-token"',
            f'api_base = "http://127.0.0.1:{port}"',
            f"sms_from = [{sms}]",
            "[whatsapp]",
            'token = "bench-token"',
            'app_secret = "bench-app-secret"',
            'verify_token = "bench-verify-token"',
            f'api_base = "http://127.0.0.1:{port}/v25.0"',
            f"phone_number_id = [{cloud}]",
        )
    )


async def queue(set_stage: Stage, channel: str, *, count: int, lane: int, first: int = 0) -> None:
    """Put a message to each of `count` contacts into the outbox, in one transaction."""
    key = next(each.key for each in set_stage.settings.endpoints if each.channel == channel)
    await set_stage.pool.execute(_QUEUE, key, count, TEXT, lane, first)


async def sending_rows(running: Servers, *, count: int, rounds: int = 3) -> list[Row]:
    """Measure worker and bare client in turn, over Twilio and over WhatsApp Cloud; report the medians."""
    port = free_ports(1)[0]
    rows = []
    async with scene(running, config=provider_config(port)) as set_stage:
        await set_stage.pool.execute(_OPEN_WINDOWS)
        with (
            process(set_stage.environ, "gateway.bench.provider", str(port)),
            process(set_stage.environ, "gateway.cli", "worker"),
        ):
            await answering(f"http://127.0.0.1:{port}/")
            for name, channel, bare in (("Twilio", "sms", "twilio"), ("WhatsApp Cloud", "whatsapp", "whatsapp")):
                await _worker_rate(set_stage, channel, port, count=max(count // _WARM_SHARE, 100))
                ours, theirs = [], []
                for _ in range(rounds):
                    theirs.append(await _bare_rate(set_stage, bare, port, count=count))
                    ours.append(await _worker_rate(set_stage, channel, port, count=count))
                ratios = [mine / bare_rate for mine, bare_rate in zip(ours, theirs, strict=True)]
                rows += [
                    Row(
                        row=f"sends through {name} ÷ bare client",
                        value=statistics.median(ratios),
                        unit="ratio",
                        bar=BAR,
                    ),
                    Row(row=f"sends through {name}", value=statistics.median(ours), unit="1/s"),
                    Row(row=f"bare {name} client", value=statistics.median(theirs), unit="1/s"),
                ]
    return rows


async def _worker_rate(set_stage: Stage, channel: str, port: int, *, count: int) -> float:
    await queue(set_stage, channel, count=count, lane=1)
    return _rate(await _all_arrived(port, count))


async def _bare_rate(set_stage: Stage, kind: str, port: int, *, count: int) -> float:
    with process(set_stage.environ, "gateway.bench.bare_sending", kind, str(port), str(count), str(AT_ONCE)):
        return _rate(await _all_arrived(port, count))


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
