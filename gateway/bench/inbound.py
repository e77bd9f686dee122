"""How many inbound webhooks a second the app accepts, next to a handler that only verifies their signatures."""

import statistics
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from gateway.bench.load import Run, request_bytes, run_load
from gateway.bench.rows import Row
from gateway.bench.stage import Stage, answering, free_ports, number, process
from gateway.domain.account import TwilioAccount
from gateway.domain.channel import Channel

CONNECTIONS = 128
BAR = 0.5
_TEXTS = (
    "שלום, איך אני מאפס את הסיסמה?",
    "What are your opening hours?",
    "הגיע לי חיוב כפול החודש ואני לא מבין למה",
    "my card was declined in a shop yesterday, the terminal said call the bank",
    "תודה רבה",
    "how do I update my address",
)


async def inbound_rows(stage: Stage, *, contacts: int, requests: int, rounds: int = 3) -> list[Row]:
    """Measure app and ceiling in turn, so that a change in the machine's speed meets both; report the medians."""
    account = next(each for each in stage.settings.accounts if isinstance(each, TwilioAccount))
    url = f"{stage.settings.public_url}/webhooks/twilio/message"
    bare_port = free_ports(1)[0]
    with process(stage.environ, "gateway.cli", "app"), process(stage.environ, "gateway.bench.bare", str(bare_port)):
        await answering(f"{stage.settings.public_url}/readyz")
        await answering(f"http://127.0.0.1:{bare_port}/")
        app_runs, bare_runs = [], []
        for turn in range(rounds):
            texts = _signed(account, url, contacts, first=turn * requests, count=requests)
            bare_runs.append(await run_load("127.0.0.1", bare_port, texts, connections=CONNECTIONS))
            app_runs.append(await run_load("127.0.0.1", urlsplit(url).port or 80, texts, connections=CONNECTIONS))
    stored = await stage.pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'")
    ratios = [app.per_second / bare.per_second for app, bare in zip(app_runs, bare_runs, strict=True)]
    return [
        Row(
            row="inbound Twilio webhooks ÷ bare verifying handler",
            value=statistics.median(ratios),
            unit="ratio",
            bar=BAR,
        ),
        Row(row="inbound Twilio webhooks", value=_median_rate(app_runs), unit="1/s"),
        Row(row="bare verifying handler", value=_median_rate(bare_runs), unit="1/s"),
        Row(
            row="inbound webhook, p99", value=1000 * statistics.median(run.latency(0.99) for run in app_runs), unit="ms"
        ),
        Row(
            row="acknowledged but not stored",
            value=_accepted(app_runs) - stored,
            unit="messages",
            bar=0,
            bar_is_ceiling=True,
        ),
    ]


def _signed(account: TwilioAccount, url: str, contacts: int, *, first: int, count: int) -> list[bytes]:
    validator = RequestValidator(account.auth_tokens[0])
    to = next(endpoint.address for endpoint in account.endpoints if endpoint.channel is Channel.SMS)
    requests = []
    for index in range(first, first + count):
        form = {
            "MessageSid": f"SM{index:032x}",
            "AccountSid": account.sid,
            "From": number(index * 7919 % contacts),
            "To": to,
            "Body": _TEXTS[index % len(_TEXTS)],
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


def _median_rate(runs: Sequence[Run]) -> float:
    return statistics.median(run.per_second for run in runs)


def _accepted(runs: Sequence[Run]) -> int:
    return sum(run.requests - run.refused for run in runs)
