"""Forgetting what is kept for a while only, some rows at a time. How long that is, `config` says."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)

MESSAGES = "message"


class Step(Struct, frozen=True, kw_only=True):
    """How many rows of one step were past their time, and where the next one begins; None when there is none."""

    count: int
    after: int | None


async def forget_raw(
    connection: Connection,
    *,
    raw_before: datetime | None,
    mail_before: datetime | None,
    problem_before: datetime | None,
    after: int,
    most: int,
    dry: bool,
) -> Step:
    """Delete payloads received before these times; those nobody could read and nobody has handled by their own time."""
    row = await _QUERIES.raw_payload(
        connection,
        raw_before=raw_before,
        mail_before=mail_before,
        problem_before=problem_before,
        after=after,
        most=most,
        dry=dry,
    )
    return Step(count=row["count"], after=row["after"])


async def forget(
    connection: Connection, kind: str, *, before: datetime | None, after: int, most: int, dry: bool
) -> Step:
    """Forget rows of one kind from before this time: the words of `message` and `survey_answer`, all of other rows.

    Raises:
        KeyError: nothing of this kind is ever forgotten.
    """
    named, values = _QUERIES, {"before": before, "after": after, "most": most, "dry": dry}
    take = {
        MESSAGES: lambda: named.message(connection, **values),
        "survey_answer": lambda: named.survey_answer(connection, **values),
        "delivery_event": lambda: named.delivery_event(connection, **values),
        "login_attempt": lambda: named.login_attempt(connection, **values),
        "address_proof": lambda: named.address_proof(connection, **values),
        "agent_session": lambda: named.agent_session(connection, before=before, dry=dry),
    }
    row = await take[kind]()
    return Step(count=row["count"], after=row["after"])


async def place(connection: Connection, kind: str) -> int:
    """Say how far rows of this kind have been forgotten already, by id."""
    return int(await _QUERIES.place(connection, kind=kind) or 0)


async def save_place(connection: Connection, kind: str, reached_id: int) -> None:
    """Remember how far rows of this kind have been forgotten."""
    await _QUERIES.save_place(connection, kind=kind, reached_id=reached_id)


async def unwanted_files(connection: Connection, *, after: str, most: int) -> list[str]:
    """List files that lost an attachment, in order of their SHA-256."""
    rows = _QUERIES.unwanted_files(connection, after=after, most=most)
    return [row["sha256"] async for row in rows]


async def files_in_use(connection: Connection, sha256s: Sequence[str]) -> set[str]:
    """Find those of these files that some attachment still has."""
    return {row["sha256"] async for row in _QUERIES.files_in_use(connection, sha256s=sha256s)}


async def settle_files(connection: Connection, sha256s: Collection[str]) -> None:
    """Note that these files are gone, or wanted again."""
    await _QUERIES.settle_files(connection, sha256s=list(sha256s))
