"""The way to PostgreSQL: the pool with its codecs, and the queries beside each store module. No SQL of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiosql
import asyncpg
import msgspec
import orjson
from aiosql.adapters.asyncpg import AsyncPGAdapter
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct, structs

# Quoted: asyncpg's classes are generic to the type checker only.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

# The most that a statement of the outbox may take, before its connection counts as lost.
STATEMENT_SECONDS = 10.0


def load_queries(module_file: str) -> Any:
    """Load the named queries that stand beside a store module; each takes a connection and its parameters by name.

    `module_file` is the module's `__file__`: `store.py` has `queries.sql` beside it, `store/cases.py` has `cases.sql`.
    """
    module = Path(module_file)
    file = module.with_name("queries.sql") if module.stem == "store" else module.with_suffix(".sql")
    adapter: Any = _OnConnections
    return aiosql.from_path(file, adapter, kwargs_only=True, mandatory_parameters=False)


class _OnConnections(AsyncPGAdapter):
    """aiosql's adapter for connections only: its own looks through `dir()` at every call for a pool it might be given.

    That search takes longer than many a statement.
    """

    async def select(
        self, conn: Connection, query_name: str, sql: str, parameters: object, *_: object
    ) -> AsyncIterator[asyncpg.Record]:
        for row in await conn.fetch(sql, *self._in_order(query_name, parameters)):
            yield row

    async def select_one(
        self, conn: Connection, query_name: str, sql: str, parameters: object, *_: object
    ) -> asyncpg.Record | None:
        return await conn.fetchrow(sql, *self._in_order(query_name, parameters))

    async def select_value(self, conn: Connection, query_name: str, sql: str, parameters: object) -> object:
        return await conn.fetchval(sql, *self._in_order(query_name, parameters))

    async def insert_update_delete(self, conn: Connection, query_name: str, sql: str, parameters: object) -> str:
        return await conn.execute(sql, *self._in_order(query_name, parameters))

    def _in_order(self, query_name: str, parameters: object) -> Sequence[object]:
        ordered: Sequence[object] = self.maybe_order_params(query_name, parameters)  # type: ignore[no-untyped-call]
        return ordered


async def open_pool(
    database_url: str, *, min_size: int = 1, max_size: int = 10, erasure_key: str = "", by_index: bool = False
) -> Pool:
    """Open a pool whose connections read and write jsonb as Python values.

    `erasure_key` lets new addresses find the opt-out of an erased person with that address; PostgreSQL never stores it.
    `by_index` is for statements that look rows up, many times a second: plans are kept, and one made while a table was
    empty would read the whole of it for minutes after it has grown.

    Raises:
        OSError, asyncpg.PostgresError: the database cannot be reached.
    """
    return await asyncpg.create_pool(
        database_url,
        min_size=min_size,
        max_size=max_size,
        init=_prepare,
        reset=_keep,
        command_timeout=60,
        timeout=5,
        server_settings={"application_name": "eshnav", "timezone": "UTC", "jit": "off"}
        | ({"eshnav.erasure_key": erasure_key} if erasure_key else {})
        | ({"enable_seqscan": "off"} if by_index else {}),
    )


@asynccontextmanager
async def lent(pool: Pool, *, most_seconds: float) -> AsyncIterator[Connection]:
    """Lend a connection that is torn down when its use takes longer, or when none is free for as long.

    A server that stopped answering cannot even be asked to cancel: waiting for that would take a minute.

    Raises:
        TimeoutError, OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError: it took too long.
    """
    async with pool.acquire(timeout=most_seconds) as connection:
        alarm = asyncio.get_running_loop().call_later(most_seconds, connection.terminate)
        try:
            yield connection
        finally:
            alarm.cancel()


async def is_answering(connection: Connection) -> bool:
    """Ask PostgreSQL for nothing but an answer."""
    return bool(await connection.fetchval("SELECT true"))


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=to_json, decoder=orjson.loads, format="text")


async def _keep(_connection: Connection) -> None:
    """Spare the usual reset, a round trip at every release: nobody changes session state, and open transactions end."""


def to_json(value: object) -> str:
    """Write a value, records included, as JSON for a jsonb parameter or a text array of them."""
    return orjson.dumps(value, default=structs.asdict).decode()


def to_rows(rows: Sequence[Struct]) -> str:
    """Write records as one JSON parameter for `json_to_recordset`, each field under the name of its column.

    Many times cheaper than an array for each column, whose every element asyncpg takes apart by itself.
    """
    return msgspec.json.encode(rows).decode()
