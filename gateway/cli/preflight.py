"""What is looked at before anything starts, so that a person hears of all that is wrong at once."""

import asyncio
import socket
from urllib.parse import urlsplit

import asyncpg
import redis

from gateway.config import Settings
from gateway.domain.errors import ConfigurationError, GatewayError
from gateway.redis.client import REDIS_AWAY
from gateway.store.away import DATABASE_TROUBLE
from gateway.store.migrate import migrate

_PATIENCE_SECONDS = 3


def check_servers(settings: Settings) -> None:
    """Refuse to start a process that has no servers to work with, or a Redis that would throw work away.

    Raises:
        ConfigurationError: lists what is missing or set wrong.
    """
    problems = [
        f"{name} is missing (`eshnav up` starts a server of its own instead)"
        for name, url in (("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url))
        if not url
    ]
    if problem := _why_not_redis(settings.redis_url):
        problems.append(problem)
    if problems:
        raise ConfigurationError(tuple(problems))


def check_ports(settings: Settings) -> None:
    """Refuse to start when somebody else has one of our ports.

    Raises:
        ConfigurationError: names every port that is taken.
    """
    wanted = {"PORT": (settings.host, settings.port), "SMTP_PORT": (settings.host, settings.smtp_port)}
    if settings.sandbox_url:
        wanted |= {
            "SANDBOX_PORT": ("127.0.0.1", settings.sandbox_port),
            "SANDBOX_SMTP_PORT": ("127.0.0.1", settings.sandbox_smtp_port),
        }
    problems = [f"{name} is wrong: {problem}" for name, place in wanted.items() if (problem := _why_not(*place))]
    if problems:
        raise ConfigurationError(tuple(problems))


def check_database(settings: Settings) -> None:
    """Refuse to start a process that can do nothing without its database; whoever supervises it starts it again.

    Raises:
        GatewayError: says why the database cannot be used.
    """
    asyncio.run(_reach(settings.database_url))


async def _reach(database_url: str) -> None:
    try:
        await (await asyncpg.connect(database_url, timeout=_PATIENCE_SECONDS)).close()
    except DATABASE_TROUBLE as error:
        raise _unusable(database_url, error) from error


async def migrate_or_explain(database_url: str) -> list[str]:
    """Bring the schema up to date, and say in a sentence why that cannot be when it cannot.

    Raises:
        GatewayError: the database cannot be reached, or refuses.
    """
    try:
        return await migrate(database_url)
    except DATABASE_TROUBLE as error:
        raise _unusable(database_url, error) from error


def _unusable(database_url: str, error: Exception) -> GatewayError:
    place = urlsplit(database_url).hostname or "its socket"
    return GatewayError(f"PostgreSQL at {place} cannot be used: {str(error) or type(error).__name__}")


def _why_not_redis(url: str) -> str:
    """Say why this Redis must not be used, or nothing: one that is away now may come back, and keeps nothing we owe."""
    if not url:
        return ""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_PATIENCE_SECONDS, socket_timeout=_PATIENCE_SECONDS
        ) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except REDIS_AWAY:
        return ""
    return "" if policy == "noeviction" else f"REDIS_URL is wrong: that server evicts ({policy}); set noeviction there"


def _why_not(host: str, port: int) -> str:
    """Say why a server could not listen there, or nothing when it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            return f"cannot listen on {host}:{port} ({error.strerror})"
    return ""
