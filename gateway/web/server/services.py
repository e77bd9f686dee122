"""What the handlers work with, made once by `gateway.runtime.assemble` and carried by the application."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from aiohttp import web
from redis.asyncio import Redis

from channels.registry import Registry
from gateway.config import Settings
from gateway.intake.intake import Intake
from gateway.intake.reference import Reference
from gateway.redis.counters import SendCounters
from gateway.redis.notifier import Notifier
from gateway.runtime.files import Files
from gateway.store.db import Pool
from gateway.web.server.live_updates import LiveUpdates


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a handler may need; `redis` is None when there is none, and may be away at any moment."""

    settings: Settings
    pool: Pool
    intake: Intake
    reference: Reference
    notifier: Notifier
    registry: Registry
    files: Files
    live_updates: LiveUpdates
    counters: SendCounters
    redis: Redis | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = field(default=())

    @property
    def is_https(self) -> bool:
        """Say whether people reach us encrypted, so that cookies may be bound to that."""
        return self.settings.public_url.startswith("https://")


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


def networks(names: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read the networks of trusted proxies."""
    return tuple(ip_network(name, strict=False) for name in names)
