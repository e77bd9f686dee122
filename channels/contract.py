"""What every channel is: verify, parse, send, and one record. The rest of the house knows channels only by this."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from gateway.domain.channel import Channel
from gateway.domain.messages import Event
from gateway.domain.outbox import Outgoing, Receipt
from gateway.domain.people import Scheme


class Request(Struct, frozen=True, kw_only=True):
    """What came over the wire, verbatim.

    `target` is the raw path and query exactly as received, not decoded; `headers` have lower-case names; `received_at`
    is aware UTC. `source` says where it came in, and how it is read again should it wait on the spool.
    """

    source: str = ""
    method: str = "POST"
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received_at: datetime


class Payload(Struct, frozen=True, kw_only=True):
    """A request with its body read once; what `content` is, is the adapter's own affair."""

    request: Request
    content: Any = None


class Adapter(Protocol):
    """One provider's way in and out."""

    def verify(self, request: Request) -> Payload:
        """Give what `parse` takes, when the provider really sent this, to an account and number of ours.

        Raises:
            Forged: the signature is missing or wrong, or the account is not ours; never says what was expected.
        """
        ...

    def unpack(self, request: Request) -> Payload:
        """Give what `parse` takes of a request that was verified when it came, or of a file. Never raises."""
        ...

    def parse(self, payload: Payload) -> Sequence[Event]:
        """Read every event of a request. Pure; never raises: what it does not know becomes UnknownEvent."""
        ...

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Hand one delivery to the provider and give its receipt.

        Raises:
            SendError: one of `channels.errors`, saying whether to retry and why in words a person can read.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


@runtime_checkable
class Searchable(Protocol):
    """An adapter whose provider can be asked whether a delivery that may have been sent really was."""

    async def look_up(self, outgoing: Outgoing, *, since: datetime) -> Receipt | None:
        """Find the message this delivery became, or None when it is proven absent.

        Raises:
            SendError: the provider could not be asked, so nothing is proven.
        """
        ...


@runtime_checkable
class Challenged(Protocol):
    """An adapter whose provider asks, by GET on its webhook, for proof that the address is ours."""

    def challenge(self, query: Mapping[str, str]) -> str:
        """Return what to answer, as plain text.

        Raises:
            Forged: the question does not come from our provider.
        """
        ...


class WebhookPath(Struct, frozen=True, kw_only=True):
    """An address below our public URL that a provider calls, and what it is told once all is safe.

    `is_challenged` when the provider first asks there, by GET, for proof that the address is ours (`Challenged`).
    """

    path: str
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    is_challenged: bool = False


class PairRate(Struct, frozen=True, kw_only=True):
    """How often one of our endpoints may write to one person: tokens a second, and at most so many at once."""

    per_second: float
    burst: float


class ProviderRecord(Struct, frozen=True, kw_only=True):
    """All that the rest of the house knows of a provider.

    `name` begins its endpoints' keys; `source` marks its raw payloads; `account` is the type of its accounts, and
    `make` builds the adapter of one, given our public URL. `kept_headers` are those of a webhook that verifying and
    reading need, in lower case. `longest_text` is in characters, None for no limit. `status_path` is where it shall
    report, for providers that are told so with every message. `pair_rates` and `windowed` are by channel: where one
    person may be written to only so often, and where free text goes only for a day after they wrote.
    """

    name: str
    source: str
    account: type
    make: Callable[[Any, str], Adapter]
    channels: frozenset[Channel]
    schemes: frozenset[Scheme]
    longest_text: int | None = None
    webhooks: tuple[WebhookPath, ...] = ()
    kept_headers: tuple[str, ...] = ()
    status_path: str = ""
    pair_rates: Mapping[Channel, PairRate] = field(default_factory=dict)
    windowed: frozenset[Channel] = frozenset()
