"""Finding out what became of deliveries that may have been sent: the provider is asked, and only proof counts.

A status callback that names our delivery settles it sooner, in `statuses`. A provider that cannot be asked, such as a
mail relay, leaves it unknown, and it is shown as such.
"""

import structlog

from channels.contract import Searchable
from gateway.domain.errors import GatewayError
from gateway.domain.outbox import Claimed
from gateway.outbox.dispatcher import Adapters
from gateway.outbox.outgoing import OutgoingBuilder
from gateway.outbox.store import deliveries
from gateway.redis.notifier import Notifier
from gateway.runtime.clock import now
from gateway.store.db import Pool

WAIT_SECONDS = 90.0
_MOST = 100

_log = structlog.get_logger()


async def reconcile(
    pool: Pool,
    adapters: Adapters,
    builder: OutgoingBuilder,
    *,
    notifier: Notifier,
    wait_seconds: float = WAIT_SECONDS,
) -> int:
    """Ask the providers about deliveries that have been unknown this long; gives how many were settled.

    Found: it is marked sent, under the provider's id. Proven absent: it is queued again. Neither: it stays unknown.
    """
    async with pool.acquire() as connection:
        ids = await deliveries.take_unknown(connection, wait_seconds=wait_seconds, most=_MOST)
        unknown = await deliveries.describe(connection, ids)
    found: dict[int, str] = {}
    absent: list[int] = []
    for claimed in unknown:
        answer = await _ask(claimed, adapters, builder)
        if isinstance(answer, str):
            found[claimed.delivery_id] = answer
        elif answer is False:
            absent.append(claimed.delivery_id)
    async with pool.acquire() as connection:
        settled = await deliveries.adopt_found(connection, found) + await deliveries.requeue_absent(connection, absent)
    if settled:
        await notifier.announce(settled, "delivery")
        await notifier.wake_senders()
    return len(settled)


async def _ask(claimed: Claimed, adapters: Adapters, builder: OutgoingBuilder) -> str | bool | None:
    """Give the provider's id of the message, False when it is proven absent, None when nothing is proven."""
    try:
        adapter = adapters.adapter_for(claimed.endpoint_key)
        if not isinstance(adapter, Searchable):
            return None
        outgoing = builder.outgoing(claimed, now=now())
        receipt = await adapter.look_up(outgoing, since=claimed.claimed_at or claimed.created_at)
    except GatewayError:
        return None
    except Exception as error:  # noqa: BLE001  (one that cannot be asked about must not keep the others unknown)
        _log.warning("a delivery could not be looked up", delivery_id=claimed.delivery_id, error=type(error).__name__)
        return None
    return False if receipt is None else receipt.provider_id
