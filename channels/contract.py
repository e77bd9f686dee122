"""What every channel is: verify, parse, send. The sending loop and the webhook edge know channels only by this."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from gateway.domain.messages import Event
from gateway.domain.outbox import Outgoing, Receipt


class Request(Struct, frozen=True, kw_only=True):
    """What came over the wire, verbatim.

    `target` is the raw path and query exactly as received, not decoded; `headers` have lower-case names; `received_at`
    is aware UTC.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received_at: datetime


class Adapter(Protocol):
    """One provider's way in and out."""

    def verify(self, request: Request) -> None:
        """Return when the provider really sent this, to an account and number of ours.

        Raises:
            Forged: the signature is missing or wrong, or the account is not ours; never says what was expected.
        """
        ...

    def parse(self, request: Request) -> Sequence[Event]:
        """Read every event of a verified request. Pure; never raises: what it does not know becomes UnknownEvent."""
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
