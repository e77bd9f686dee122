"""`eshnav bench`: starts the servers, runs the benches one after another, reports."""

import asyncio
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
from gateway.bench.stage import servers
from gateway.bench.work import at_work


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
    rounds: int = 5


def run_bench(file: Path, console: Console, sizes: Sizes) -> list[Row]:
    """Measure everything, print it, and write it to `file`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(_measure(console, sizes))
    report(rows, file, console)
    return rows


async def _measure(console: Console, sizes: Sizes) -> list[Row]:
    console.print(f"Servers, and {sizes.contacts:,} contacts …")
    async with servers(sizes.contacts) as running:
        console.print("Inbound webhooks …")
        rows = await inbound_rows(running, stored=sizes.stored, requests=sizes.requests, rounds=sizes.rounds)
        console.print("Mail …")
        rows += await mail_rows(running, count=sizes.mails, rounds=sizes.rounds)
        async with at_work(running) as work:
            console.print("Memory …")
            rows += await memory_rows(work, messages=sizes.messages)
            console.print("Reply latency …")
            rows += await latency_rows(work, bulk=sizes.bulk, seconds=sizes.paced_seconds)
            console.print("Sending …")
            rows += await sending_rows(work, count=sizes.sends, rounds=sizes.rounds)
    return rows
