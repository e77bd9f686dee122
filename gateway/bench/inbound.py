"""How many inbound webhooks a second the app accepts, next to a handler that only verifies their signatures.

And whether it matters how many messages are stored already.
"""

import statistics
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from gateway.bench.load import Run, request_bytes, run_load
from gateway.bench.rows import Row
from gateway.bench.stage import Servers, Stage, answering, free_ports, number, process, scene
from gateway.domain.account import TwilioAccount
from gateway.domain.channel import Channel

CONNECTIONS = 128
BAR = 0.5
BAR_FULL = 0.9
_TEXTS = (
    "שלום, איך אני מאפס את הסיסמה?",
    "What are your opening hours?",
    "הגיע לי חיוב כפול החודש ואני לא מבין למה",
    "my card was declined in a shop yesterday, the terminal said call the bank",
    "תודה רבה",
    "how do I update my address",
)


_PAST = """
WITH written AS (
    INSERT INTO message (contact_id, conversation_id, direction, channel, endpoint_id, address_id, provider_id, author,
                         text, decision_action, created_at)
    SELECT a.contact_id, c.id, CASE n % 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END, 'sms', e.id, a.id,
           CASE n % 2 WHEN 0 THEN 'SM' || md5(n::text) END, CASE n % 2 WHEN 0 THEN 'customer' ELSE 'automatic' END,
           'a message of the past, as long as messages usually are', CASE n % 2 WHEN 0 THEN 'answer' END,
           now() - interval '1 day' - n * interval '1 second'
    FROM (SELECT row_number() OVER (ORDER BY id) AS place, id, contact_id FROM address WHERE starts_with(uri, 'tel:'))
        AS a
    JOIN conversation AS c USING (contact_id)
    JOIN generate_series(1, $1::integer) AS n
        ON n % (SELECT count(*) FROM address WHERE starts_with(uri, 'tel:')) = a.place - 1
    CROSS JOIN (SELECT id FROM endpoint WHERE channel = 'sms' LIMIT 1) AS e
    RETURNING *
)
INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, text,
                      status, attempts, provider_id, sent_at)
SELECT id, contact_id, conversation_id, address_id, endpoint_id, channel, 0, 'reply', text, 'delivered', 1,
       'SM' || md5(id::text || 'out'), created_at
FROM written WHERE direction = 'outbound'
"""


async def inbound_rows(running: Servers, *, stored: int, requests: int, rounds: int = 3) -> list[Row]:
    """Measure ceiling, app, and app over many stored messages in turn, so that the machine's moods meet all alike."""
    bare_port = free_ports(1)[0]
    async with scene(running) as empty, scene(running) as full:
        await fill(full, stored)
        with (
            process(empty.environ, "gateway.bench.bare", str(bare_port)),
            process(empty.environ, "gateway.cli", "app"),
            process(full.environ, "gateway.cli", "app"),
        ):
            await answering(f"http://127.0.0.1:{bare_port}/")
            runs: dict[str, list[Run]] = {"bare": [], "empty": [], "full": []}
            for turn in range(-1, rounds):
                count = requests if turn >= 0 else max(requests // 10, CONNECTIONS)
                first = (turn + 1) * requests
                bare = await _run(empty, bare_port, first=first, count=count)
                on_empty = await _run(empty, empty.settings.port, first=first, count=count)
                on_full = await _run(full, full.settings.port, first=first, count=count)
                if turn >= 0:
                    runs["bare"].append(bare)
                    runs["empty"].append(on_empty)
                    runs["full"].append(on_full)
        sent = requests * rounds + max(requests // 10, CONNECTIONS)
        kept = await empty.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'")
    return _rows(runs, stored=stored, lost=sent - kept)


async def fill(set_stage: Stage, count: int) -> None:
    """Store this many messages of the past, half of them answers that were delivered."""
    await set_stage.pool.execute(_PAST, count, timeout=300)
    for command in ("VACUUM (ANALYZE)", "CHECKPOINT"):
        await set_stage.pool.execute(command, timeout=300)


async def _run(set_stage: Stage, port: int, *, first: int, count: int) -> Run:
    await answering(f"http://127.0.0.1:{port}/readyz")
    texts = signed(set_stage, first=first, count=count)
    return await run_load("127.0.0.1", port, texts, connections=CONNECTIONS)


def _rows(runs: dict[str, list[Run]], *, stored: int, lost: int) -> list[Row]:
    def ratio(over: str, under: str) -> float:
        pairs = zip(runs[over], runs[under], strict=True)
        return statistics.median(mine.per_second / theirs.per_second for mine, theirs in pairs)

    def of(which: str, figure: Callable[[Run], float]) -> float:
        return statistics.median(figure(run) for run in runs[which])

    return [
        Row(
            row="inbound Twilio webhooks ÷ bare verifying handler",
            value=ratio("empty", "bare"),
            unit="ratio",
            bar=BAR,
        ),
        Row(
            row=f"the same with {stored:,} stored messages ÷ with none",
            value=ratio("full", "empty"),
            unit="ratio",
            bar=BAR_FULL,
        ),
        Row(row="inbound Twilio webhooks", value=of("empty", lambda run: run.per_second), unit="1/s"),
        Row(
            row=f"inbound Twilio webhooks with {stored:,} stored",
            value=of("full", lambda run: run.per_second),
            unit="1/s",
        ),
        Row(row="bare verifying handler", value=of("bare", lambda run: run.per_second), unit="1/s"),
        Row(row="inbound webhook, p99", value=1000 * of("empty", lambda run: run.latency(0.99)), unit="ms"),
        Row(
            row="load generator, share of a core against the bare handler",
            value=of("bare", lambda run: run.own_seconds / run.seconds),
            unit="ratio",
        ),
        Row(row="webhooks acknowledged but not stored", value=lost, unit="messages", bar=0, bar_is_ceiling=True),
    ]


def signed(
    set_stage: Stage, *, first: int, count: int, texts: Sequence[str] = _TEXTS, mixed: bool = True
) -> list[bytes]:
    """Write `count` signed webhooks, numbered from `first`: of contacts all over the table, or in order."""
    account = next(each for each in set_stage.settings.accounts if isinstance(each, TwilioAccount))
    url = f"{set_stage.settings.public_url}/webhooks/twilio/message"
    validator = RequestValidator(account.auth_tokens[0])
    to = next(endpoint.address for endpoint in account.endpoints if endpoint.channel is Channel.SMS)
    requests = []
    for index in range(first, first + count):
        form = {
            "MessageSid": f"SM{index:032x}",
            "AccountSid": account.sid,
            "From": number((index * 7919 if mixed else index) % set_stage.contacts),
            "To": to,
            "Body": texts[index % len(texts)],
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "FromCity": "",
            "FromCountry": "IL",
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": validator.compute_signature(url, form),
        }
        requests.append(request_bytes(url, urlencode(form).encode(), headers))
    return requests
