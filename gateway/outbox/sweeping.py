"""The outbox's housekeeping: what crashes, lost wake-ups and late reports leave behind is found here, by looking."""

from gateway.outbox.fallbacks import try_next_route
from gateway.outbox.store import deliveries, statuses
from gateway.store.db import STATEMENT_SECONDS, Pool, lent


async def sweep(pool: Pool) -> list[int]:
    """Settle what its sender left behind, and give unmatched reports to their deliveries; returns those touched.

    Cheap when there is nothing to do; any number of processes may do it at once.
    """
    async with lent(pool, most_seconds=STATEMENT_SECONDS) as connection:
        conversation_ids = await deliveries.expire_leases(connection)
        async with connection.transaction():
            await try_next_route(connection, await deliveries.fail_stranded(connection))
        async with connection.transaction():
            moved = await statuses.apply(connection, await statuses.attach_unmatched(connection))
            await try_next_route(connection, [each.delivery_id for each in moved if each.status == "failed"])
    return conversation_ids + [each.conversation_id for each in moved]
