"""`eshnav retention` and `eshnav forget`: what is past its time, and one person."""

from collections import Counter

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.cli.reach import with_pool
from gateway.config import Settings
from gateway.operations import erasure
from gateway.operations.retention import forget_old
from gateway.redis.client import connect
from gateway.redis.notifier import Notifier
from gateway.runtime.clock import now
from gateway.runtime.files import open_files
from gateway.store.db import Pool


def run_retention(settings: Settings, *, dry: bool) -> None:
    """Forget what is past its time, and print how much of each kind that was."""

    async def work(pool: Pool) -> Counter[str]:
        gone: Counter[str] = Counter()
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Looking" if dry else "Forgetting", total=None)
            async for step in forget_old(pool, open_files(settings), settings.retention, now=now(), dry=dry):
                gone[step.kind] += step.count
                progress.update(task, advance=step.count, description=step.kind)
        return gone

    table = Table("what", "past its time" if dry else "forgotten")
    for kind, count in with_pool(settings, work).items():
        table.add_row(kind, str(count))
    Console(highlight=False).print(table)


def run_forget(settings: Settings, who: str, *, yes: bool) -> None:
    """Show who would be erased and how much that is, ask, and erase; print what went.

    Raises:
        GatewayError: nobody is known by that, or a spool is in the way.
    """

    async def work(pool: Pool) -> dict[str, int]:
        people, extent = await erasure.find_person(pool, who, region=settings.default_region)
        typer.echo(
            f"{len(people.addresses)} addresses, {extent.messages} messages, {extent.attachments} attachments,"
            f" {extent.cases} cases will be gone for good"
        )
        if not yes:
            typer.confirm("Erase?", abort=True)
        redis, notifier = (
            connect(settings.redis_url) if settings.redis_url else None,
            Notifier(settings.redis_url or None),
        )
        try:
            return await erasure.erase(
                pool,
                open_files(settings),
                people,
                redis=redis,
                notifier=notifier,
                spool_folder=settings.spool_folder,
                actor="command line",
            )
        finally:
            await notifier.close()
            if redis is not None:
                await redis.aclose()

    counts = with_pool(settings, work)
    typer.echo("erased: " + ", ".join(f"{count} {kind}" for kind, count in counts.items() if count))
