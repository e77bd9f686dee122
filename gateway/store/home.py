"""Whether a database is where it was written or a copy restored from a backup, and what is held because of that."""

from datetime import datetime

from msgspec import Struct

from gateway.store.db import Connection, statements


class Held(Struct, frozen=True, kw_only=True):
    """How many deliveries wait for a person to decide, and since when the first does."""

    count: int
    since: datetime | None


async def hold_if_restored(connection: Connection) -> int:
    """Hold what is owed when this database is a copy, and make it the home of its rows; gives how many are held.

    A dump restored on another server or into another database is a copy; so is a cluster after `pg_upgrade`.
    """
    if not await statements("home").is_elsewhere(connection):
        return 0
    return await hold(connection)


async def hold(connection: Connection) -> int:
    """Hold what is owed, as after a restore, and give how many that is."""
    await statements("home").move_in(connection)
    return int(await statements("home").hold(connection))


async def held(connection: Connection) -> Held:
    """Say what is held."""
    row = await statements("home").held(connection)
    return Held(count=row["count"], since=row["since"])


async def release(connection: Connection, *, most: int) -> list[int]:
    """Let some of what is held go out after all; gives the conversations touched, none when nothing is held."""
    return [row["conversation_id"] async for row in statements("home").release(connection, most=most)]


async def discard(connection: Connection, *, most: int) -> list[int]:
    """Give some of what is held up; gives the conversations touched, none when nothing is held."""
    return [row["conversation_id"] async for row in statements("home").discard(connection, most=most)]
