"""How the gateway fares right now, from the newest rows alone: looking costs the same however many there are."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)

_MOST = 20_000


class Traffic(Struct, frozen=True, kw_only=True):
    """How many messages came in on a channel."""

    channel: str
    last_minute: int
    last_five_minutes: int


class Results(Struct, frozen=True, kw_only=True):
    """What became of an endpoint's deliveries within the hour."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def error_rate(self) -> float | None:
        """The share that failed or may have failed; None when nothing was tried."""
        tried = self.sent + self.failed + self.unknown
        return (self.failed + self.unknown) / tried if tried else None


async def traffic(connection: Connection) -> Sequence[Traffic]:
    """Say what came in lately, per channel; busier than 20,000 messages in five minutes it is a lower bound."""
    return [
        Traffic(channel=row["channel"], last_minute=row["last_minute"], last_five_minutes=row["last_five_minutes"])
        async for row in _QUERIES.traffic(connection, most=_MOST)
    ]


async def results(connection: Connection) -> Mapping[int, Results]:
    """Say what became of each endpoint's newest deliveries within the hour, by the endpoint's id."""
    return {
        row["endpoint_id"]: Results(sent=row["sent"], failed=row["failed"], unknown=row["unknown"])
        async for row in _QUERIES.results(connection, most=_MOST)
    }
