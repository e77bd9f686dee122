"""What every decision refers to: policy, knowledge index, endpoints; loaded anew when their version moves."""

from dataclasses import dataclass, field

from gateway.domain.channel import Channel, Endpoint
from gateway.domain.knowledge import Knowledge
from gateway.domain.policy import Policy
from gateway.intake.store import reference as store
from gateway.store.db import Connection
from routing.knowledge import KnowledgeIndex

_NEVER = -1


@dataclass(kw_only=True, slots=True)
class Reference:
    """The policy, knowledge and endpoints in force in this process. Build with `load`, or load it later."""

    policy: Policy
    knowledge: Knowledge
    version: int
    endpoint_ids: dict[str, int] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    def first_endpoints(self) -> dict[Channel, int]:
        """Give the first configured endpoint of each channel, for writing to people who never wrote to us."""
        first: dict[Channel, int] = {}
        for key, channel in self.channels.items():
            first.setdefault(channel, self.endpoint_ids[key])
        return first

    async def refresh(self, connection: Connection, version: int) -> None:
        """Load policy and knowledge anew when `version` is not the one in force."""
        if version != self.version:
            self.policy = await store.load_policy(connection)
            self.knowledge = KnowledgeIndex(await store.load_articles(connection), version)
            self.version = version

    async def load(self, connection: Connection, endpoints: tuple[Endpoint, ...]) -> None:
        """Enter the configured endpoints in the store, and load what decisions refer to."""
        await self.refresh(connection, await store.knowledge_version(connection))
        self.endpoint_ids = await store.save_endpoints(connection, endpoints)

    def must_be_loaded(self) -> None:
        """Refuse to go on while nothing is known of the policy and the endpoints.

        Raises:
            NotLoaded: PostgreSQL has been away since this process started.
        """
        if not self.endpoint_ids:
            raise NotLoaded("nothing can be decided before PostgreSQL was there once")


class NotLoaded(ConnectionError):
    """PostgreSQL has been away for as long as this process runs."""


def unloaded(endpoints: tuple[Endpoint, ...]) -> Reference:
    """Make a reference that knows nothing yet but the names of our endpoints."""
    return Reference(
        policy=Policy(organisation={}, queues=()),
        knowledge=KnowledgeIndex([], _NEVER),
        version=_NEVER,
        channels={endpoint.key: endpoint.channel for endpoint in endpoints},
    )


async def load(connection: Connection, endpoints: tuple[Endpoint, ...]) -> Reference:
    """Make a reference, loaded."""
    known = unloaded(endpoints)
    await known.load(connection, endpoints)
    return known
