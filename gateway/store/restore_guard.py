"""Whether a database is where it was written or a copy restored from a backup, and holding what a copy owes."""

from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


async def hold_if_restored(connection: Connection) -> int:
    """Hold what is owed when this database is a copy, and make it the home of its rows; gives how many are held.

    A dump restored on another server or into another database is a copy; so is a cluster after `pg_upgrade`.
    """
    if not await _QUERIES.is_elsewhere(connection):
        return 0
    return await hold(connection)


async def hold(connection: Connection) -> int:
    """Hold what is owed, as after a restore, and give how many that is."""
    await _QUERIES.move_in(connection)
    return int(await _QUERIES.hold(connection))
