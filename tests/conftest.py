"""What every test may ask for: a real PostgreSQL and a real Valkey, started once per run and emptied before each test.

`ESHNAV_TEST_EXTERNAL=1` makes the tests use DATABASE_URL and REDIS_URL instead; that database is emptied too.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio as redis_module

from gateway.embedded.postgres import start_postgres
from gateway.embedded.valkey import start_valkey

_EXTERNAL = os.environ.get("ESHNAV_TEST_EXTERNAL") == "1"

# Rows that migrations themselves put in are kept aside once, and put back after every emptying.
_KEEP_SEEDS = """
    CREATE SCHEMA IF NOT EXISTS test_seeds;
    DO $$ DECLARE t record; is_filled boolean; BEGIN
        FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', t.relname) INTO is_filled;
            IF is_filled THEN
                EXECUTE format('CREATE TABLE IF NOT EXISTS test_seeds.%I AS TABLE public.%I', t.relname, t.relname);
            END IF;
        END LOOP;
    END $$;
"""
_EMPTY = """
    DO $$ DECLARE t record; is_filled boolean; names text; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR t IN SELECT c.oid, c.relname, to_regclass(format('test_seeds.%I', c.relname)) AS seed FROM pg_class c
                 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', t.relname) INTO is_filled;
            IF is_filled THEN
                EXECUTE format('DELETE FROM public.%I', t.relname);
            END IF;
            IF t.seed IS NOT NULL THEN
                SELECT string_agg(quote_ident(attname), ', ') INTO names FROM pg_attribute
                WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
                EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s',
                               t.relname, names, names, t.seed);
            END IF;
        END LOOP;
    END $$;
"""


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder for the servers' data, gone when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix="eshnav-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_url(server_folder: Path) -> Iterator[str]:
    """The URL of a real PostgreSQL; without fsync, since no test pulls the plug of the machine."""
    if _EXTERNAL:
        yield os.environ["DATABASE_URL"]
        return
    server = start_postgres(server_folder / "postgres", settings=(("fsync", "off"),))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def redis_url(server_folder: Path) -> Iterator[str]:
    """The URL of a real Valkey."""
    if _EXTERNAL:
        yield os.environ["REDIS_URL"]
        return
    server = start_valkey(server_folder / "valkey")
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
async def migrated_pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the migrated database, shared by the whole run; ask for `pool` instead."""
    from gateway.store.db import open_pool
    from gateway.store.migrate import migrate

    await migrate(database_url)
    pool = await open_pool(database_url)
    await pool.execute(_KEEP_SEEDS)
    yield pool
    await pool.close()


@pytest.fixture
async def pool(migrated_pool: asyncpg.Pool) -> asyncpg.Pool:
    """Connections to a migrated database that holds nothing but what migrations put there."""
    await migrated_pool.execute(_EMPTY)
    return migrated_pool


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[redis_module.Redis]:
    """A client of an empty Valkey."""
    client = redis_module.Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()
