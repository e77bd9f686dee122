"""`eshnav bench`: sets the stage, runs the benches one after another, reports."""

import asyncio
from pathlib import Path

import uvloop
from rich.console import Console

from gateway.bench.inbound import inbound_rows
from gateway.bench.rows import Row, report
from gateway.bench.stage import stage

CONTACTS = 50_000
REQUESTS = 20_000


def run_bench(file: Path, console: Console, *, contacts: int = CONTACTS, requests: int = REQUESTS) -> list[Row]:
    """Measure everything, print it, and write it to `file`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(_measure(console, contacts, requests))
    report(rows, file, console)
    return rows


async def _measure(console: Console, contacts: int, requests: int) -> list[Row]:
    console.print(f"Setting the stage: servers and {contacts:,} contacts …")
    async with stage(contacts) as set_stage:
        console.print(f"Inbound: {requests:,} signed webhooks at a time, app and ceiling in turn …")
        return await inbound_rows(set_stage, contacts=contacts, requests=requests)
