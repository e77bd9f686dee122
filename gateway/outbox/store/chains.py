"""The fallback chains of deliveries: the routes a failed one has left, and putting it on the next of them."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Choice, Route
from gateway.store.db import Connection, load_queries, to_json

_QUERIES = load_queries(__file__)


class Failed(Struct, frozen=True, kw_only=True):
    """A failed delivery with routes left. `texts` are its own and the waiting later parts', which are `later_ids`."""

    delivery_id: int
    purpose: Purpose
    chain: tuple[Route, ...]
    later_ids: tuple[int, ...]
    texts: tuple[str, ...]
    choices: tuple[Choice, ...]


class RouteState(Struct, frozen=True, kw_only=True):
    """Whether a route is in use and its address known to be reachable on it, and what its person opted out of."""

    is_open: bool
    opted_out: frozenset[Purpose]
    provider: str


async def with_routes_left(connection: Connection, delivery_ids: Sequence[int]) -> list[Failed]:
    """Lock and give those of these deliveries that failed, have routes left, and have gone on nowhere yet."""
    return [
        Failed(
            delivery_id=row["id"],
            purpose=Purpose(row["purpose"]),
            chain=tuple(
                Route(address_id=hop["address_id"], endpoint_id=hop["endpoint_id"], channel=Channel(hop["channel"]))
                for hop in row["chain"]
            ),
            later_ids=tuple(row["later_ids"]),
            texts=(row["text"], *row["later_texts"]),
            choices=tuple(Choice(**choice) for choice in row["choices"] or ()),
        )
        async for row in _QUERIES.with_routes_left(connection, ids=sorted(delivery_ids))
    ]


async def state_of(connection: Connection, route: Route) -> RouteState | None:
    """Say how a route stands; None when there is no such address or endpoint."""
    row = await _QUERIES.state_of(connection, address_id=route.address_id, endpoint_id=route.endpoint_id)
    if row is None:
        return None
    return RouteState(
        is_open=row["is_open"],
        opted_out=frozenset(Purpose(each) for each in row["opted_out"]),
        provider=row["provider"],
    )


async def replace(
    connection: Connection, failed: Failed, *, route: Route, parts: Sequence[str], chain: Sequence[Route]
) -> None:
    """Queue the text of a failed delivery on this route, and note on it and its later parts what took their place."""
    await _QUERIES.replace(
        connection,
        id=failed.delivery_id,
        later_ids=list(failed.later_ids),
        address_id=route.address_id,
        endpoint_id=route.endpoint_id,
        channel=route.channel,
        parts=list(parts),
        chain=to_json([_hop(route) for route in chain]),
    )


def _hop(route: Route) -> dict[str, object]:
    return {"address_id": route.address_id, "endpoint_id": route.endpoint_id, "channel": route.channel}
