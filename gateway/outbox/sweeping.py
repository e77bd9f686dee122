"""The outbox's housekeeping: what crashes, lost rings and late words leave behind is found here, by looking."""

from gateway.outbox.fallbacks import go_on
from gateway.outbox.store import deliveries, statuses
from gateway.store.db import STATEMENT_SECONDS, Pool, lent


async def sweep(pool: Pool) -> list[int]:
    """Settle what its sender left behind, and give parked words to their deliveries; gives the conversations touched.

    Cheap when there is nothing to do; any number of processes may do it at once.
    """
    async with lent(pool, most_seconds=STATEMENT_SECONDS) as connection:
        conversation_ids = await deliveries.expire_leases(connection)
        async with connection.transaction():
            await go_on(connection, await deliveries.fail_stranded(connection))
        async with connection.transaction():
            moved = await statuses.apply(connection, await statuses.adopt_parked(connection))
            await go_on(connection, [each.delivery_id for each in moved if each.status == "failed"])
    return conversation_ids + [each.conversation_id for each in moved]
