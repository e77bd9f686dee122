"""What every decision refers to: policy, knowledge index, endpoints; loaded anew when their version moves."""

from dataclasses import dataclass, field

from gateway.domain.channel import Channel, Endpoint
from gateway.domain.knowledge import Knowledge
from gateway.domain.policy import Policy
from gateway.store import reference as store
from gateway.store.db import Connection
from routing.knowledge import KnowledgeIndex


@dataclass(kw_only=True, slots=True)
class Reference:
    """The policy, knowledge and endpoints in force in this process. Build with `load`."""

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


async def load(connection: Connection, endpoints: tuple[Endpoint, ...]) -> Reference:
    """Enter the configured endpoints in the store, and load what decisions refer to."""
    version = await store.knowledge_version(connection)
    return Reference(
        policy=await store.load_policy(connection),
        knowledge=KnowledgeIndex(await store.load_articles(connection), version),
        version=version,
        endpoint_ids=await store.save_endpoints(connection, endpoints),
        channels={endpoint.key: endpoint.channel for endpoint in endpoints},
    )
