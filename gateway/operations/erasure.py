"""Erasing a person: rows, files, payloads, what is spooled, and what Redis holds. Backups are the operator's.

What stays is that somebody was erased, and, for each address that had opted out, a hash keyed by the installation's
secret, so that it is still opted out should it write again.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from redis.asyncio import Redis

from channels.contract import Request
from channels.phone import to_e164, variants
from gateway.domain.errors import AddressError, Refused
from gateway.domain.ids import bigint_of
from gateway.domain.people import Address, Scheme, mailto
from gateway.intake.spool import Spool
from gateway.operations.retention import drop_unwanted_files
from gateway.operations.store import erasure as store
from gateway.operations.store.erasure import Extent, MergedContacts
from gateway.redis import keys
from gateway.redis.client import REDIS_AWAY
from gateway.redis.notifier import Notifier
from gateway.runtime.files import Files
from gateway.store.db import Pool

_AT_ONCE = 1_000
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.2


async def find_person(pool: Pool, who: str, *, region: str) -> tuple[MergedContacts, Extent]:
    """Find everybody behind `contact:ID`, a phone, a mail address, or an address with its scheme; and how much it is.

    Raises:
        Refused: nobody is known by that, or it is no address.
    """
    async with pool.acquire() as connection:
        if who.startswith("contact:") and (contact_id := bigint_of(who.removeprefix("contact:"))) is not None:
            contact_ids = [contact_id]
        else:
            contact_ids = await store.owners(connection, _spellings(who, region))
        people = await store.merged_contacts(connection, contact_ids)
        if not people.contact_ids:
            raise Refused(f"nobody is known by {who}")
        return people, await store.extent(connection, people)


def _spellings(who: str, region: str) -> list[str]:
    try:
        if who.partition(":")[0] in set(Scheme):
            address = Address.from_text(who)
        else:
            address = mailto(who) if "@" in who else to_e164(who, region)
    except AddressError as error:
        raise Refused(str(error)) from error
    return [str(each) for each in variants(address)]


async def erase(
    pool: Pool,
    files: Files,
    people: MergedContacts,
    *,
    redis: Redis | None,
    notifier: Notifier,
    spool_folder: Path,
    actor: str,
) -> dict[str, int]:
    """Erase a person everywhere, and say how many rows, files and spooled payloads that were.

    Raises:
        Refused: a running app has not replayed its spool yet; nothing was erased.
    """
    needles = _needles(list(people.addresses.values()))
    spooled = await _purge_spool(spool_folder, needles)
    async with pool.acquire() as connection, connection.transaction():
        await store.lock(connection, people)
        people = await store.merged_contacts(connection, people.contact_ids)
        counts = await store.erase(connection, people, actor=actor)
    counts["raw_payload"] += await _erase_payloads(pool, needles)
    counts["file"] = await drop_unwanted_files(pool, files)
    counts["spooled"] = spooled
    await _clear_redis(redis, people)
    await notifier.announce(people.conversation_ids, "message")
    return counts


def _needles(uris: Sequence[str]) -> list[str]:
    """Give the words by which these addresses are found in a payload: as they are, and as forms write them."""
    plain = {uri.partition(":")[2].lstrip("+").lower() for uri in uris}
    return sorted(plain | {word.replace("@", "%40") for word in plain})


async def _erase_payloads(pool: Pool, needles: Sequence[str]) -> int:
    count, after = 0, 0
    while True:
        async with pool.acquire() as connection:
            found, last = await store.erase_payloads_naming(connection, needles, after=after, most=_AT_ONCE)
        count += found
        if last is None:
            return count
        after = last


async def _purge_spool(folder: Path, needles: Sequence[str]) -> int:
    """Take the person's payloads from what no app holds, and wait until running apps have replayed what they hold."""

    def is_theirs(payload: Request) -> bool:
        words = f"{payload.target} {payload.headers} {payload.body.decode('latin-1')}".lower()
        return any(needle in words for needle in needles)

    spool = Spool.open(folder)
    try:
        gone = await asyncio.to_thread(spool.purge, is_theirs)
        if not await asyncio.to_thread(_are_replayed, folder, spool.name):
            raise Refused("a running app has payloads on its spool; try again once it has replayed them")
    finally:
        spool.close()
    return gone


def _are_replayed(folder: Path, ours: str) -> bool:
    """Wait until no app has anything on its spool, for a while."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while any(path.stem != ours for path in folder.glob("*.spool")):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


async def _clear_redis(redis: Redis | None, people: MergedContacts) -> None:
    """Drop the buckets that are named after these addresses' ids; they would end by themselves within a minute."""
    if redis is None:
        return
    try:
        names = [name async for name in redis.scan_iter(keys.ALL_PAIRS, count=1_000)]
        ours = {str(address_id) for address_id in people.addresses}
        if theirs := [name for name in names if keys.address_of_pair(name.decode()) in ours]:
            await redis.delete(*theirs)
    except REDIS_AWAY:
        return
