"""`eshnav alive`: whether a process that opens no port is well."""

import asyncio
import socket

from gateway.config import Settings
from gateway.domain.errors import ConfigurationError, GatewayError
from gateway.redis.client import REDIS_AWAY, connect
from gateway.redis.heartbeat import living

_PATIENCE_SECONDS = 3.0


def is_alive(settings: Settings, role: str) -> bool:
    """Say whether a process of this role, app or worker, has lately been heard of on this host.

    Raises:
        GatewayError: there is no Redis to ask, or it does not answer.
    """
    if not settings.redis_url:
        raise ConfigurationError(("REDIS_URL is missing",))
    return asyncio.run(_ask(settings.redis_url, role))


async def _ask(redis_url: str, role: str) -> bool:
    try:
        async with connect(redis_url, patience_seconds=_PATIENCE_SECONDS) as redis:
            return any(each.role == role and each.host == socket.gethostname() for each in await living(redis))
    except REDIS_AWAY as error:
        raise GatewayError("Redis does not answer, so nobody can tell") from error
