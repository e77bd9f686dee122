"""Going on by the next channel when a delivery failed for good."""

from collections.abc import Sequence

from gateway.domain.consent import Purpose, may_send
from gateway.domain.outbound import Route
from gateway.store import chains
from gateway.store.chains import Failed
from gateway.store.db import Connection
from gateway.usecases.replies import parts


async def go_on(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Queue each of these failed deliveries on the first route of its chain that is open to it.

    Later parts of the same text that still wait go along, and the text is cut anew for the new channel. What has no
    open route left stays failed. In the caller's transaction; doing it twice changes nothing.
    """
    if not delivery_ids:
        return
    for failed in await chains.with_routes_left(connection, delivery_ids):
        for place, route in enumerate(failed.chain):
            if await _is_open(connection, route, failed.purpose):
                await _queue(connection, failed, route, failed.chain[place + 1 :])
                break


async def _is_open(connection: Connection, route: Route, purpose: Purpose) -> bool:
    state = await chains.state_of(connection, route)
    return state is not None and state.is_open and may_send(purpose, state.opted_out)


async def _queue(connection: Connection, failed: Failed, route: Route, rest: Sequence[Route]) -> None:
    text = "\n".join(failed.texts)
    await chains.replace(connection, failed, route=route, parts=parts(text, route), chain=rest)
