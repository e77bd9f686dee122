"""`eshnav user` and `eshnav token`: who may log in, and which programs may use the API."""

import secrets
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.access import accounts, store
from gateway.cli.exits import exit_codes
from gateway.cli.reach import with_pool
from gateway.config import load_settings
from gateway.domain.agents import Agent, Role, Scope
from gateway.domain.language import Language
from gateway.store.db import Pool

users = typer.Typer(help="Agents: the people who may log in.", no_args_is_help=True)
tokens = typer.Typer(help="API tokens: the programs that may use the API.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The mail address the agent logs in with.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of making one.")
]


def made_password() -> str:
    """Make a password worth keeping in a password manager."""
    return secrets.token_urlsafe(15)


@users.command("create")
def create_user(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="The name colleagues and customers see.")] = "",
    role: Annotated[Role, typer.Option(help="What the agent may do.")] = Role.AGENT,
    language: Annotated[Language, typer.Option(help="The language of the screens: he or en.")] = Language.HEBREW,
    password_stdin: FromInput = False,
) -> None:
    """Add an agent, and print the password unless it was given."""
    password = _password(from_input=password_stdin)

    async def work(pool: Pool) -> int:
        return await accounts.create_user(pool, email=email, name=name, password=password, role=role, language=language)

    with exit_codes():
        with_pool(load_settings(), work)
    if not password_stdin:
        typer.echo(password)


@users.command("password")
def set_password(email: Email, *, password_stdin: FromInput = False) -> None:
    """Give an agent a new password and end their sessions; print it unless it was given."""
    password = _password(from_input=password_stdin)

    async def work(pool: Pool) -> None:
        await accounts.set_password(pool, email=email, password=password)

    with exit_codes():
        with_pool(load_settings(), work)
    if not password_stdin:
        typer.echo(password)


@users.command("list")
def list_users() -> None:
    """Show the agents who may log in."""

    async def work(pool: Pool) -> list[Agent]:
        async with pool.acquire() as connection:
            return list(await store.active(connection))

    with exit_codes():
        found = with_pool(load_settings(), work)
    table = Table("email", "name", "role", "language")
    for agent in found:
        table.add_row(agent.email, agent.name, agent.role, agent.language)
    Console(highlight=False).print(table)


@tokens.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What the token is for; shown wherever it is listed.")],
    *,
    scope: Annotated[list[Scope], typer.Option(help="What the program may do; give it several times for several.")],
) -> None:
    """Make an API token and print it alone; it cannot be shown again."""

    async def work(pool: Pool) -> str:
        return await accounts.create_token(pool, name=name, scopes=scope)

    with exit_codes():
        made = with_pool(load_settings(), work)
    typer.echo(made)


@tokens.command("revoke")
def revoke_token(name: Annotated[str, typer.Argument(help="The name it was made with.")]) -> None:
    """End every API token of this name, at once."""

    async def work(pool: Pool) -> None:
        await accounts.revoke_token(pool, name=name)

    with exit_codes():
        with_pool(load_settings(), work)


def _password(*, from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_input else made_password()
