"""Going on by the next channel when a delivery failed for good."""

from collections.abc import Sequence

from msgspec.structs import replace

from gateway.domain.consent import Purpose, may_send
from gateway.domain.outbox import Route
from gateway.outbox.cutting import cut
from gateway.outbox.store import chains
from gateway.store.db import Connection


async def try_next_route(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Queue each of these failed deliveries on the first route of its chain that is open to it.

    Later parts of the same text that still wait go along, and the text is cut anew for the new channel. What has no
    open route left stays failed. In the caller's transaction; doing it twice changes nothing.
    """
    if not delivery_ids:
        return
    for failed in await chains.with_routes_left(connection, delivery_ids):
        for place, route in enumerate(failed.chain):
            if known := await _known(connection, route, failed.purpose):
                pieces = cut("\n".join(failed.texts), known, failed.choices)
                await chains.replace(connection, failed, route=known, parts=pieces, chain=failed.chain[place + 1 :])
                break


async def _known(connection: Connection, route: Route, purpose: Purpose) -> Route | None:
    """Give the route with its provider when it is open to a message of this purpose."""
    state = await chains.state_of(connection, route)
    if state is None or not state.is_open or not may_send(purpose, state.opted_out):
        return None
    return replace(route, provider=state.provider)
