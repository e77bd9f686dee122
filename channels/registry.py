"""Which providers there are, and which adapter serves which of our numbers and mailboxes. Nothing is scanned for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from channels import twilio, whatsapp
from channels.contract import Adapter, ProviderRecord
from channels.email import provider as email
from gateway.domain.account import Account
from gateway.domain.channel import Channel, Endpoint
from gateway.domain.errors import NotFound

PROVIDERS: tuple[ProviderRecord, ...] = (
    twilio.PROVIDER,
    whatsapp.PROVIDER,
    email.PROVIDER,
)


def provider_of(endpoint_key: str) -> ProviderRecord | None:
    """Return the provider of an endpoint by its key, or None when there is none by that name."""
    name = endpoint_key.partition(":")[0]
    return next((each for each in PROVIDERS if each.name == name), None)


def longest_text(channel: Channel, provider: str | None) -> int | None:
    """Say how long a text may be, in characters; for an unknown provider what all of the channel take, None for any."""
    lengths = [
        each.longest_text
        for each in PROVIDERS
        if channel in each.channels and provider in (None, each.name) and each.longest_text is not None
    ]
    return min(lengths, default=None)


class Registry:
    """The adapters of all configured accounts; `public_url` is where providers reach us."""

    def __init__(self, accounts: Iterable[Account], *, public_url: str) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        self._adapters: dict[str, Adapter] = {}
        self._by_source: defaultdict[str, list[Adapter]] = defaultdict(list)
        for account in accounts:
            record = next(each for each in PROVIDERS if isinstance(account, each.account))
            adapter = record.make(account, public_url)
            self._by_source[record.source].append(adapter)
            for endpoint in account.endpoints:
                self._endpoints[endpoint.key] = endpoint
                self._adapters[endpoint.key] = adapter

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """Every number and mailbox of ours, by its key."""
        return self._endpoints

    def adapters_of(self, source: str) -> Sequence[Adapter]:
        """List the adapters of one provider, one for each account; a payload is for the one that verifies it."""
        return self._by_source[source]

    def adapter_for(self, endpoint_key: str) -> Adapter:
        """Give the adapter that sends from this endpoint.

        Raises:
            NotFound: no configured account has it.
        """
        if endpoint_key not in self._adapters:
            raise NotFound(f"no account is configured for {endpoint_key}")
        return self._adapters[endpoint_key]

    def endpoint(self, key: str) -> Endpoint:
        """Give one of our numbers or mailboxes.

        Raises:
            NotFound: no configured account has it.
        """
        if key not in self._endpoints:
            raise NotFound(f"no account is configured for {key}")
        return self._endpoints[key]

    async def close(self) -> None:
        """Let go of every adapter's connections."""
        for adapters in self._by_source.values():
            for adapter in adapters:
                await adapter.close()
