"""`eshnav bench`: starts the servers, runs the benches one after another, reports."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop
from rich.console import Console

from gateway.bench.inbound import inbound_rows
from gateway.bench.latency import latency_rows
from gateway.bench.mail import mail_rows
from gateway.bench.memory import memory_rows
from gateway.bench.rows import Row, report
from gateway.bench.sending import sending_rows
from gateway.bench.stage import Servers, servers


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """How much each bench does; the defaults are those of the published figures."""

    contacts: int = 50_000
    requests: int = 10_000
    stored: int = 1_000_000
    sends: int = 8_000
    bulk: int = 50_000
    paced_seconds: float = 20.0
    mails: int = 2_000
    messages: int = 100_000
    rounds: int = 3


def run_bench(file: Path, console: Console, sizes: Sizes) -> list[Row]:
    """Measure everything, print it, and write it to `file`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(_measure(console, sizes))
    report(rows, file, console)
    return rows


async def _measure(console: Console, sizes: Sizes) -> list[Row]:
    console.print(f"Servers, and {sizes.contacts:,} contacts …")
    async with servers(sizes.contacts) as running:
        rows: list[Row] = []
        for name, bench in _BENCHES.items():
            console.print(f"{name} …")
            rows += await bench(running, sizes)
    return rows


_BENCHES: dict[str, Callable[[Servers, Sizes], Awaitable[list[Row]]]] = {
    "Inbound webhooks": lambda running, sizes: inbound_rows(
        running, stored=sizes.stored, requests=sizes.requests, rounds=sizes.rounds
    ),
    "Sending": lambda running, sizes: sending_rows(running, count=sizes.sends, rounds=sizes.rounds),
    "Reply latency": lambda running, sizes: latency_rows(running, bulk=sizes.bulk, seconds=sizes.paced_seconds),
    "Mail": lambda running, sizes: mail_rows(running, count=sizes.mails, rounds=sizes.rounds),
    "Memory": lambda running, sizes: memory_rows(running, messages=sizes.messages),
}
