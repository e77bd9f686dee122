"""Forgetting what is past its time, kind by kind and some rows at a time, so that nobody has to wait for it.

How long each kind is kept is configured (`gateway.config`); erasing one person is `operations.erasure`'s.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from gateway.access import store as sessions
from gateway.config import Retention
from gateway.operations.store import retention as store
from gateway.operations.store.retention import MESSAGES, Step
from gateway.runtime.files import Files
from gateway.store.db import Connection, Pool

PROOF_DAYS = 7
_AT_ONCE = 2_000
_FILES_AT_ONCE = 200
_log = structlog.get_logger()
_Take = Callable[[Connection, int], Awaitable[Step]]


class Forgotten(Struct, frozen=True, kw_only=True):
    """How many rows, or files, of one kind one step forgot."""

    kind: str
    count: int


async def forget_old(
    pool: Pool, files: Files, keep: Retention, *, now: datetime, dry: bool = False
) -> AsyncIterator[Forgotten]:
    """Forget everything that is past its time, telling after each step what it was; `dry` only counts."""

    async def raw(connection: Connection, after: int) -> Step:
        return await store.forget_raw(
            connection,
            raw_before=_before(now, keep.raw_days),
            mail_before=_before(now, keep.mail_days),
            problem_before=_before(now, keep.problem_days),
            after=after,
            most=_AT_ONCE,
            dry=dry,
        )

    async for count in _steps(pool, raw):
        yield Forgotten(kind="raw_payload", count=count)
    for kind, before in {
        MESSAGES: _before(now, keep.message_days),
        "survey_answer": _before(now, keep.message_days),
        "delivery_event": _before(now, keep.event_days),
        "login_attempt": _before(now, keep.login_days),
        "address_proof": now - timedelta(days=PROOF_DAYS),
        "agent_session": now - sessions.LONGEST,
    }.items():
        async for count in _steps(pool, _taking(kind, before, dry=dry), kind=kind, dry=dry):
            yield Forgotten(kind=kind, count=count)
    if not dry:
        yield Forgotten(kind="file", count=await drop_unwanted_files(pool, files))


async def drop_unwanted_files(pool: Pool, files: Files) -> int:
    """Delete the files that lost their last attachment; gives how many.

    A file is looked at again right before it goes. One that fails to go is tried again the next time.
    """
    count, after = 0, ""
    while True:
        async with pool.acquire() as connection:
            names = await store.unwanted_files(connection, after=after, most=_FILES_AT_ONCE)
            if not names:
                return count
            wanted = await store.files_in_use(connection, names)
            gone = [sha256 for sha256 in names if sha256 not in wanted and await _is_deleted(files, sha256)]
            await store.settle_files(connection, wanted.union(gone))
            count += len(gone)
        after = names[-1]


async def _is_deleted(files: Files, sha256: str) -> bool:
    try:
        await files.delete(sha256)
    except OSError as error:
        _log.warning("a file could not be deleted and will be tried again", sha256=sha256, error=str(error))
        return False
    return True


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None


def _taking(kind: str, before: datetime | None, *, dry: bool) -> _Take:
    async def take(connection: Connection, after: int) -> Step:
        return await store.forget(connection, kind, before=before, after=after, most=_AT_ONCE, dry=dry)

    return take


async def _steps(pool: Pool, take: _Take, *, kind: str = "", dry: bool = False) -> AsyncIterator[int]:
    """Take one step after the other, each a transaction; messages go on where they were left the last time."""
    async with pool.acquire() as connection:
        after: int | None = await store.place(connection, kind) if kind == MESSAGES else 0
    while after is not None:
        async with pool.acquire() as connection, connection.transaction():
            step = await take(connection, after)
            if kind == MESSAGES and step.after is not None and not dry:
                await store.save_place(connection, kind, step.after)
        yield step.count
        after = step.after
