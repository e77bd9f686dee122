"""What it means that the database is away, for everybody who goes on without it.

Away is a server that cannot be reached, is starting or stopping, has no connection left, or does not answer in time.
What a server that is there refuses is not: that is our fault, and asking again would not help.
"""

import asyncpg

DATABASE_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,
)
# For loops that must go on whatever the database says: what it refuses is logged, and asked again later.
DATABASE_TROUBLE = (*DATABASE_AWAY, asyncpg.PostgresError)


def is_away(error: BaseException) -> bool:
    """Whether this error means that the database is away.

    asyncpg reports a value it cannot encode as an InterfaceError that is also a ValueError; that is not one.
    """
    return isinstance(error, DATABASE_AWAY) and not isinstance(error, ValueError)
