"""Agents and API tokens: creating them, logging in and out. What each role may open is `web.server.access`'s."""

import asyncio
import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.access import store
from gateway.domain.agents import Agent, ApiToken, Role, Scope, Session
from gateway.domain.errors import Conflict, GatewayError, NotFound, Refused
from gateway.domain.language import SPOKEN, Language
from gateway.store.db import Pool

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256
FAILURES_PER_MAILBOX_AND_PEER = 5
FAILURES_PER_PEER = 100
TOKEN_PREFIX = "esh_"  # noqa: S105  marks our tokens for secret scanners; it is no secret

# OWASP's argon2id parameters: 19 MiB and about 30 ms each. Four at a time bound the memory a storm of logins can take.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_A_TIME = 4


class LoginRefused(GatewayError):
    """The email and password do not belong together; says no more, so that nobody learns which emails exist."""


class TooManyAttempts(GatewayError):
    """Too many logins failed lately; trying again makes sense after a quarter of an hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedIn:
    """A new session: the token for the cookie, given out once."""

    session: Session
    token: str = field(repr=False)


async def create_user(
    pool: Pool, *, email: str, name: str, password: str, role: Role | str, language: Language | str = Language.HEBREW
) -> int:
    """Add an agent and give their id.

    Raises:
        Refused: the email, the password, the role or the language is no good; says which.
        Conflict: the email is taken.
    """
    email = _mailbox(email)
    if role not in set(Role):
        raise Refused(f"{role!r} is not a role; choose one of {', '.join(Role)}")
    _check_spoken(language)
    password_hash = await _hash(_good_password(password))
    async with pool.acquire() as connection:
        agent_id = await store.add(
            connection,
            email=email,
            name=name.strip() or email,
            password_hash=password_hash,
            role=Role(role),
            language=Language(language),
        )
    if agent_id is None:
        raise Conflict(f"there already is an agent with the email {email}")
    return agent_id


async def is_anybody_known(pool: Pool) -> bool:
    """Whether this organisation has any agent yet."""
    async with pool.acquire() as connection:
        return await store.is_anybody_known(connection)


async def set_password(pool: Pool, *, email: str, password: str) -> None:
    """Change a password; every session of the agent ends.

    Raises:
        Refused: the password is no good.
        NotFound: there is no agent with this email.
    """
    password_hash = await _hash(_good_password(password))
    async with pool.acquire() as connection:
        if await store.set_password(connection, email=_mailbox(email), password_hash=password_hash) is None:
            raise NotFound(f"there is no agent with the email {email}")


async def change_password(pool: Pool, agent: Agent, *, old: str, new: str, peer: str) -> None:
    """Let an agent change their own password; every session ends, this one too.

    Raises:
        LoginRefused, TooManyAttempts: the old password is wrong, or was wrong too often.
        Refused: the new one is no good.
    """
    _good_password(new)
    await _prove(pool, agent.email, old, peer)
    await set_password(pool, email=agent.email, password=new)


async def log_in(pool: Pool, *, email: str, password: str, peer: str) -> LoggedIn:
    """Check a password and begin a session; `peer` is where the attempt comes from.

    Raises:
        LoginRefused: they do not belong together.
        TooManyAttempts: this mailbox from this peer, or this peer, failed too often lately.
    """
    agent = await _prove(pool, email.strip().lower(), password, peer)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    async with pool.acquire() as connection:
        await store.open_session(connection, token_hash=digest(token), agent_id=agent.agent_id, csrf=csrf)
    return LoggedIn(session=Session(agent=agent, csrf=csrf), token=token)


async def find_session(pool: Pool, token: str) -> Session | None:
    """Give the session behind a cookie, while it lasts."""
    if not token:
        return None
    async with pool.acquire() as connection:
        return await store.session(connection, digest(token))


async def log_out(pool: Pool, token: str) -> None:
    """End the session behind a cookie, and sweep out what is over."""
    async with pool.acquire() as connection:
        await store.close_session(connection, digest(token))


async def speak(pool: Pool, agent: Agent, language: Language) -> None:
    """Make the screens speak Hebrew or English to an agent.

    Raises:
        Refused: the screens do not speak that language.
    """
    _check_spoken(language)
    async with pool.acquire() as connection:
        await store.set_language(connection, agent.agent_id, language)


async def revoke_token(pool: Pool, *, name: str) -> None:
    """End every API token of this name; a program that uses one is turned away from now on."""
    async with pool.acquire() as connection:
        await store.revoke_token(connection, name)


async def create_token(
    pool: Pool, *, name: str, scopes: Iterable[Scope | str], expires_at: datetime | None = None
) -> str:
    """Make an API token and give it, the only time it can be seen.

    Raises:
        Refused: there is no scope, or one that does not exist.
    """
    wanted = list(scopes)
    if unknown := [scope for scope in wanted if scope not in set(Scope)]:
        raise Refused(f"{', '.join(unknown)}: no such scope; choose from {', '.join(Scope)}")
    if not wanted:
        raise Refused(f"a token needs at least one scope; choose from {', '.join(Scope)}")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with pool.acquire() as connection:
        await store.add_token(
            connection,
            name=name,
            token_hash=digest(token),
            scopes=[Scope(scope) for scope in wanted],
            expires_at=expires_at,
        )
    return token


async def find_token(pool: Pool, token: str) -> ApiToken | None:
    """Give the API token that a request carries, while it is valid."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    async with pool.acquire() as connection:
        return await store.token(connection, digest(token))


def digest(token: str) -> bytes:
    """Hash a 256-bit token as it is kept at rest; its own randomness makes salt and slowness needless."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def _prove(pool: Pool, email: str, password: str, peer: str) -> Agent:
    async with pool.acquire() as connection, connection.transaction():
        attempt_id = await store.begin_attempt(
            connection,
            email=email[:320],
            peer=peer,
            most_together=FAILURES_PER_MAILBOX_AND_PEER,
            most_from_peer=FAILURES_PER_PEER,
        )
    if attempt_id is None:
        raise TooManyAttempts("too many attempts; wait a quarter of an hour and try again")
    async with pool.acquire() as connection:
        known = await store.credentials(connection, email)
    is_right = await _verify(known.password_hash if known else _hash_of_nobody(), password)
    if known is None or not known.is_active or not is_right:
        raise LoginRefused("the email or the password is wrong")
    async with pool.acquire() as connection:
        await store.attempt_succeeded(connection, attempt_id)
    return known.agent


def _mailbox(email: str) -> str:
    email = email.strip().lower()
    name, at, host = email.rpartition("@")
    if not (name and at and host) or any(character.isspace() for character in email):
        raise Refused(f"{email!r} is not an email address")
    return email


def _check_spoken(language: str) -> None:
    if language not in SPOKEN:
        raise Refused("the screens speak Hebrew and English")


def _good_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a few words do well")
    return password


def _normal(password: str) -> str:
    # The same Hebrew letters can come composed or not, depending on the keyboard.
    return unicodedata.normalize("NFKC", password)


@cache
def _gate(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_A_TIME)


@cache
def _hash_of_nobody() -> str:
    """Make a hash to check against when there is no such agent, so that the answer takes as long."""
    return _HASHER.hash(secrets.token_urlsafe(16))


async def _hash(password: str) -> str:
    async with _gate(asyncio.get_running_loop()):
        return await asyncio.to_thread(_HASHER.hash, _normal(password))


async def _verify(password_hash: str, password: str) -> bool:
    async with _gate(asyncio.get_running_loop()):
        return await asyncio.to_thread(_matches, password_hash, _normal(password[:LONGEST_PASSWORD]))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
