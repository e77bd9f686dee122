"""The commands, their arguments and exit codes: 0 done, 1 failed, 2 wrong usage or configuration."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from gateway.cli.exits import FAILED, exit_codes
from gateway.cli.importing import importing
from gateway.cli.people import tokens, users
from gateway.config import load_settings

app = typer.Typer(
    name="eshnav",
    help="Eshnav: SMS, WhatsApp and email as one conversation per customer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(users, name="user")
app.add_typer(tokens, name="token")
app.add_typer(importing, name="import")


@app.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C: servers, app, worker, and a sandbox when no provider is set."""
    from gateway.cli.up import run_up

    with exit_codes():
        run_up(load_settings(), Console(highlight=False))


@app.command("app")
def app_command() -> None:
    """Run the web app and the mail server (needs DATABASE_URL and REDIS_URL)."""
    import app as wiring
    from gateway.cli.preflight import check_servers

    with exit_codes():
        check_servers(load_settings())
        wiring.main()


@app.command()
def worker() -> None:
    """Run the senders and the job worker (needs DATABASE_URL and REDIS_URL)."""
    import worker as wiring
    from gateway.cli.preflight import check_database, check_servers

    with exit_codes():
        settings = load_settings()
        check_servers(settings)
        check_database(settings)
        wiring.main()


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema up to date."""
    import asyncio

    from gateway.cli.preflight import migrate_or_explain
    from gateway.cli.reach import database

    with exit_codes(), database(load_settings()) as url:
        applied = asyncio.run(migrate_or_explain(url))
    typer.echo("\n".join(applied) if applied else "nothing to do")


@app.command()
def retention(
    *, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is past its time.")] = False
) -> None:
    """Forget what is past its time (the worker does so every hour), and show how much that was."""
    from gateway.cli.forgetting import run_retention

    with exit_codes():
        run_retention(load_settings(), dry=dry_run)


@app.command()
def forget(
    who: Annotated[str, typer.Argument(help="A phone, a mail address, tel:…, mailto:…, wa:…, or contact:ID.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good: messages, files, cases, payloads. An opt-out stays in force, as a hash."""
    from gateway.cli.forgetting import run_forget

    with exit_codes():
        run_forget(load_settings(), who, yes=yes)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)]) -> None:
    """Write everything the database holds into one file, while everything goes on (files and spool are apart)."""
    from gateway.cli.keeping import run_backup

    with exit_codes():
        run_backup(load_settings(), file)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A backup.", exists=True, dir_okay=False)]) -> None:
    """Bring a backup back into an empty database; what it owed is held, so that nothing is sent twice."""
    from gateway.cli.keeping import run_restore

    with exit_codes():
        run_restore(load_settings(), file)


@app.command()
def held(
    what: Annotated[
        Literal["show", "hold", "release", "discard"],
        typer.Argument(help="Show what is held, hold all that is owed, let it go out after all, or give it up."),
    ] = "show",
) -> None:
    """Decide about deliveries held after a restore."""
    from gateway.cli.keeping import run_held

    with exit_codes():
        run_held(load_settings(), what)


@app.command()
def alive(role: Annotated[Literal["app", "worker"], typer.Argument(help="Which kind of process.")]) -> None:
    """Say whether such a process runs on this host, by what it tells Redis; for health checks."""
    from gateway.cli.alive import is_alive

    with exit_codes():
        found = is_alive(load_settings(), role)
    typer.echo("alive" if found else f"no {role} on this host has been heard of lately")
    raise typer.Exit(0 if found else FAILED)


@app.command()
def parse(
    source: Annotated[Literal["mail", "twilio", "whatsapp"], typer.Argument(help="What the files hold.")],
    files: Annotated[list[Path], typer.Argument(help="Raw payloads, one each.", exists=True, dir_okay=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per event.")] = False,
) -> None:
    """Show what the gateway makes of raw payloads: a mail, a Twilio form body, a WhatsApp webhook."""
    from gateway.cli.parse import parse_files

    with exit_codes():
        failed = parse_files(source, files, load_settings(), sys.stdout, as_json=as_json)
    raise typer.Exit(FAILED if failed else 0)


@app.command()
def segments() -> None:
    """Count SMS segments: JSON strings on standard input, one a line; one JSON line each on standard output."""
    from gateway.cli.segments import count_lines

    raise typer.Exit(FAILED if count_lines(sys.stdin.buffer, sys.stdout) else 0)


@app.command()
def bench(
    *,
    contacts: Annotated[int, typer.Option(help="How many contacts there are before it begins.", min=100)] = 50_000,
    requests: Annotated[int, typer.Option(help="How many webhooks are sent at a time.", min=100)] = 10_000,
) -> None:
    """Measure this version on this machine, against servers of its own, and write bench.json into the data folder."""
    from gateway.bench.main import Sizes, run_bench

    with exit_codes():
        sizes = Sizes(contacts=contacts, requests=requests)
        run_bench(load_settings().data / "bench.json", Console(highlight=False), sizes)


def main() -> None:
    """Run the command line."""
    app()
