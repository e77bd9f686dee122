"""Agents, their sessions and login attempts, and API tokens. Hashing and its limits are `access.accounts`'."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from gateway.domain.agents import Agent, ApiToken, Role, Scope, Session
from gateway.domain.language import Language
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """An agent with what proves a password."""

    agent: Agent
    password_hash: str = field(repr=False)
    is_active: bool


async def add(
    connection: Connection, *, email: str, name: str, password_hash: str, role: Role, language: Language
) -> int | None:
    """Add an agent and give their id, or None when the email is taken."""
    agent_id: int | None = await _QUERIES.add(
        connection, email=email, name=name, password_hash=password_hash, role=role, language=language
    )
    return agent_id


async def is_anybody_known(connection: Connection) -> bool:
    """Whether there is any agent, active or not."""
    return bool(await _QUERIES.is_anybody_known(connection))


async def credentials(connection: Connection, email: str) -> Credentials | None:
    """Find who logs in with this email."""
    row = await _QUERIES.by_email(connection, email=email)
    if row is None:
        return None
    return Credentials(agent=_agent(row), password_hash=row["password_hash"], is_active=row["active"])


async def active(connection: Connection) -> Sequence[Agent]:
    """Name every agent who may log in."""
    return [_agent(row) async for row in _QUERIES.all_active(connection)]


async def set_password(connection: Connection, *, email: str, password_hash: str) -> int | None:
    """Change a password and end every session of the agent; give their id, or None when there is no such agent."""
    agent_id: int | None = await _QUERIES.set_password(connection, email=email, password_hash=password_hash)
    return agent_id


async def set_language(connection: Connection, agent_id: int, language: Language) -> None:
    """Make the screens speak this language to the agent."""
    await _QUERIES.set_language(connection, agent_id=agent_id, language=language)


async def begin_attempt(
    connection: Connection, *, email: str, peer: str, most_together: int, most_from_peer: int
) -> int | None:
    """Enter a login attempt, or give None when too many failed lately. Needs a transaction: attempts take turns."""
    async for _ in _QUERIES.wait_for_turn(connection, email=email, peer=peer):
        pass
    attempt_id: int | None = await _QUERIES.begin_attempt(
        connection, email=email, peer=peer, most_together=most_together, most_from_peer=most_from_peer
    )
    return attempt_id


async def attempt_succeeded(connection: Connection, attempt_id: int) -> None:
    """Mark an attempt as no failure."""
    await _QUERIES.attempt_succeeded(connection, attempt_id=attempt_id)


async def open_session(connection: Connection, *, token_hash: bytes, agent_id: int, csrf: str) -> None:
    """Begin a session."""
    await _QUERIES.open_session(connection, token_hash=token_hash, agent_id=agent_id, csrf=csrf)


async def session(connection: Connection, token_hash: bytes) -> Session | None:
    """Find the session of this token, while it is neither idle nor old, and note that it was seen."""
    row = await _QUERIES.session(connection, token_hash=token_hash, idle=IDLE, longest=LONGEST)
    return None if row is None else Session(agent=_agent(row), csrf=row["csrf"])


async def close_session(connection: Connection, token_hash: bytes) -> None:
    """End a session."""
    await _QUERIES.close_session(connection, token_hash=token_hash)


async def add_token(
    connection: Connection, *, name: str, token_hash: bytes, scopes: Sequence[Scope], expires_at: datetime | None
) -> int:
    """Add an API token by its hash."""
    token_id: int = await _QUERIES.add_token(
        connection, name=name, token_hash=token_hash, scopes=list(scopes), expires_at=expires_at
    )
    return token_id


async def token(connection: Connection, token_hash: bytes) -> ApiToken | None:
    """Find the API token with this hash, while it is valid."""
    row = await _QUERIES.token(connection, token_hash=token_hash)
    if row is None:
        return None
    return ApiToken(token_id=row["id"], name=row["name"], scopes=frozenset(map(Scope, row["scopes"])))


async def revoke_token(connection: Connection, name: str) -> None:
    """Make every token of this name useless."""
    await _QUERIES.revoke_token(connection, name=name)


def _agent(row: asyncpg.Record) -> Agent:
    return Agent(
        agent_id=row["id"],
        email=row["email"],
        name=row["name"],
        role=Role(row["role"]),
        language=Language(row["language"]),
    )
