"""How much memory app and worker take with all their children, before and after many messages. Reads Linux's /proc."""

import asyncio
from pathlib import Path

from gateway.bench.inbound import CONNECTIONS, signed
from gateway.bench.load import run_load
from gateway.bench.rows import Row
from gateway.bench.stage import Stage
from gateway.bench.work import Work

BAR_MB, BAR_GROWTH = 350, 10
_AT_A_TIME = 5_000
_WARM_SHARE = 100
_PATIENCE_SECONDS = 180
_KIB_IN_MB = 1_000_000 / 1024
_IS_OWED = "SELECT EXISTS (SELECT FROM delivery WHERE status IN ('queued', 'sending'))"


async def memory_rows(work: Work, *, messages: int) -> list[Row]:
    """Take so many messages in and send all their answers; measure when a hundredth is done, and when all is."""
    warm = max(messages // _WARM_SHARE, CONNECTIONS)
    roots = (work.app_pid, work.worker_pid)
    await _take(work.stage, first=0, count=warm)
    rss, pss = (measure(roots, figure) for figure in ("Rss", "Pss"))
    await _take(work.stage, first=warm, count=messages - warm)
    rss_after, pss_after = (measure(roots, figure) for figure in ("Rss", "Pss"))
    sent = await work.stage.pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'sent'")
    return [
        Row(row="memory idle, shared pages counted once (PSS)", value=pss, unit="MB", bar=BAR_MB, bar_is_ceiling=True),
        Row(row="memory idle, shared pages counted in each process (RSS)", value=rss, unit="MB"),
        Row(row=f"memory after {messages:,} messages (PSS)", value=pss_after, unit="MB"),
        Row(row=f"memory after {messages:,} messages (RSS)", value=rss_after, unit="MB"),
        Row(
            row=f"growth over {messages:,} messages (PSS)",
            value=100 * (pss_after / pss - 1),
            unit="%",
            bar=BAR_GROWTH,
            bar_is_ceiling=True,
        ),
        Row(row="answers sent meanwhile", value=sent, unit="messages"),
    ]


async def _take(set_stage: Stage, *, first: int, count: int) -> None:
    for begin in range(first, first + count, _AT_A_TIME):
        requests = signed(set_stage, first=begin, count=min(_AT_A_TIME, first + count - begin))
        await run_load("127.0.0.1", set_stage.settings.port, requests, connections=CONNECTIONS)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await set_stage.pool.fetchval(_IS_OWED):  # noqa: ASYNC110 - a database has no event to wait for
            await asyncio.sleep(0.5)


def measure(roots: tuple[int, ...], figure: str) -> float:
    """Add up one figure of smaps_rollup, Rss or Pss, over these processes and all their children; in MB."""
    return sum(_of(pid, figure) for pid in _families(roots)) / _KIB_IN_MB


def _families(roots: tuple[int, ...]) -> set[int]:
    parents = {int(folder.name): _parent(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()}
    family = set(roots)
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return family


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _of(pid: int, figure: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{figure}:")), 0)
