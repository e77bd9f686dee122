"""`eshnav import`: people from a CSV file, knowledge from a TOML file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from gateway.cli.exits import FAILED, exit_codes
from gateway.cli.reach import with_pool
from gateway.config import load_settings
from gateway.knowledge.importing import read_articles, store_articles
from gateway.people.importing import ImportResult, read_contacts, store_contacts
from gateway.store.db import Pool

importing = typer.Typer(help="Bring in people or knowledge from a file.", no_args_is_help=True)

_ROWS_AT_A_TIME = 500
_REJECTIONS_SHOWN = 20
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@importing.command("contacts")
def import_contacts(file: File) -> None:
    """Bring in people from a CSV file with the columns name, phone, email, language (any of phone, email will do)."""
    errors = Console(stderr=True, highlight=False)
    with exit_codes():
        settings = load_settings()
        rows, rejected = read_contacts(file.read_bytes(), region=settings.default_region)

        async def work(pool: Pool) -> ImportResult:
            outcome = ImportResult(rejected=tuple(rejected))
            with Progress(console=errors, transient=True) as progress:
                task = progress.add_task("Importing", total=len(rows))
                for start in range(0, len(rows), _ROWS_AT_A_TIME):
                    outcome += await store_contacts(pool, rows[start : start + _ROWS_AT_A_TIME])
                    progress.advance(task, _ROWS_AT_A_TIME)
            return outcome

        outcome = with_pool(settings, work)
    typer.echo(
        f"{outcome.created} new, {outcome.known} known, {outcome.merged} merged, {len(outcome.rejected)} rejected"
    )
    for rejection in outcome.rejected[:_REJECTIONS_SHOWN]:
        errors.print(f"line {rejection.line}: {rejection.reason}", markup=False, soft_wrap=True)
    if len(outcome.rejected) > _REJECTIONS_SHOWN:
        errors.print(f"… and {len(outcome.rejected) - _REJECTIONS_SHOWN} more")
    raise typer.Exit(FAILED if outcome.rejected else 0)


@importing.command("knowledge")
def import_knowledge(file: File) -> None:
    """Bring in articles from a TOML file; one with a known key replaces the article that has it."""
    with exit_codes():
        drafts = read_articles(file.read_bytes())

        async def work(pool: Pool) -> tuple[int, int]:
            return await store_articles(pool, drafts)

        added, replaced = with_pool(load_settings(), work)
    typer.echo(f"{added} new, {replaced} replaced")
