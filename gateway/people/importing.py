"""Bringing in people from a file: what is wrong with a row is said, and the other rows go in all the same.

Reading a file is pure and apart from storing it; an import is proof that a phone and a mailbox are one person's.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from channels.phone import to_e164
from gateway.domain.errors import AddressError, Conflict, Refused
from gateway.domain.language import Language
from gateway.domain.people import Address, AddressKey, NewAddress, Person, mailto
from gateway.people.merging import merge
from gateway.people.store import addresses as store
from gateway.store.db import Connection, Pool

_PROOF = "an import names both as one person"
_MAILBOX = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_COLUMNS = {
    "name": ("name", "שם"),
    "phone": ("phone", "mobile", "טלפון", "נייד"),
    "email": ("email", "mail", "דוא״ל", 'דוא"ל', "מייל", "אימייל"),
    "language": ("language", "שפה"),
}


class Row(Struct, frozen=True, kw_only=True):
    """One person of the file: the addresses to know them by, the phone first."""

    line: int
    name: str
    addresses: tuple[Address, ...]
    language: Language | None = None


class Rejection(Struct, frozen=True, kw_only=True):
    """A row that cannot go in, and why."""

    line: int
    reason: str


class ImportResult(Struct, frozen=True, kw_only=True):
    """What became of some rows: people who are new, people who were known, and contacts that turned out to be one."""

    created: int = 0
    known: int = 0
    merged: int = 0
    rejected: tuple[Rejection, ...] = ()

    def __add__(self, other: "ImportResult") -> "ImportResult":
        return ImportResult(
            created=self.created + other.created,
            known=self.known + other.known,
            merged=self.merged + other.merged,
            rejected=self.rejected + other.rejected,
        )


def read_contacts(content: bytes, *, region: str) -> tuple[list[Row], list[Rejection]]:
    """Read a CSV file with the columns name, phone, email and language, in English or Hebrew, in any order.

    UTF-8, or the Windows-1255 that spreadsheets in Hebrew write; phones without a country code belong to `region`.

    Raises:
        Refused: there is no column with a phone or an email.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1255", "replace")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = _columns(reader.fieldnames or ())
    if not {"phone", "email"} & columns.keys():
        raise Refused("the first line must name the columns; at least phone or email has to be there")
    rows: list[Row] = []
    rejected: list[Rejection] = []
    for fields in reader:
        try:
            rows.append(
                _row(reader.line_num, {name: fields.get(column) or "" for name, column in columns.items()}, region)
            )
        except AddressError as error:
            rejected.append(Rejection(line=reader.line_num, reason=str(error)))
    return rows, rejected


def _columns(names: Sequence[str]) -> dict[str, str]:
    """Find which of the file's columns are which of ours."""
    found = {}
    for ours, theirs in _COLUMNS.items():
        column = next((name for name in names if name and name.strip().lower() in theirs), None)
        if column is not None:
            found[ours] = column
    return found


def _row(line: int, fields: Mapping[str, str], region: str) -> Row:
    phone, email = fields.get("phone", "").strip(), fields.get("email", "").strip()
    addresses: list[Address] = [to_e164(phone, region)] if phone else []
    if email:
        if not _MAILBOX.fullmatch(email):
            raise AddressError(f"{email[:80]!r} is not a mail address")
        addresses.append(mailto(email))
    if not addresses:
        raise AddressError("there is neither a phone nor an email")
    language = fields.get("language", "").strip().lower()
    return Row(
        line=line,
        name=fields.get("name", "").strip(),
        addresses=tuple(addresses),
        language=Language(language) if language in set(Language) else None,
    )


async def store_contacts(pool: Pool, rows: Sequence[Row]) -> ImportResult:
    """Store some rows in one transaction: create who is new, add addresses to who is known, merge who is one."""
    async with pool.acquire() as connection, connection.transaction():
        before = await _people(connection, rows)
        await _create(connection, rows, before)
        await _add_addresses(connection, rows, await _people(connection, rows))
        result = await _merge(connection, rows, await _people(connection, rows))
        named = {person.contact_id: row.name for row, person in await _firsts(connection, rows) if row.name}
        if named:
            await store.name_contacts(connection, named)
    known = sum(any(_key(address) in before for address in row.addresses) for row in rows)
    return result + ImportResult(created=len(rows) - known, known=known)


async def _people(connection: Connection, rows: Sequence[Row]) -> dict[AddressKey, Person]:
    return await store.find_people(connection, [_key(address) for row in rows for address in row.addresses])


async def _firsts(connection: Connection, rows: Sequence[Row]) -> list[tuple[Row, Person]]:
    people = await _people(connection, rows)
    return [(row, people[_key(row.addresses[0])]) for row in rows]


async def _create(connection: Connection, rows: Sequence[Row], known: Mapping[AddressKey, Person]) -> None:
    """Create a contact for every row of which nothing is known yet."""
    fresh: dict[AddressKey, NewAddress] = {}
    for row in rows:
        key = _key(row.addresses[0])
        if not any(_key(address) in known for address in row.addresses):
            fresh.setdefault(key, NewAddress(key=key, name=row.name, language=row.language))
    if fresh:
        await store.create_people(connection, list(fresh.values()))


async def _add_addresses(connection: Connection, rows: Sequence[Row], known: Mapping[AddressKey, Person]) -> None:
    """Give every row's unknown addresses to the contact its known ones belong to."""
    fresh: dict[AddressKey, NewAddress] = {}
    for row in rows:
        keys = [_key(address) for address in row.addresses]
        owner = next(known[key] for key in keys if key in known)
        for key in keys:
            if key not in known:
                fresh.setdefault(key, NewAddress(key=key, contact_id=owner.contact_id))
    if fresh:
        await store.create_people(connection, list(fresh.values()))


async def _merge(connection: Connection, rows: Sequence[Row], people: Mapping[AddressKey, Person]) -> ImportResult:
    """Merge the contacts that a row shows to be one person; a merge that cannot be is reported, not fatal."""
    result = ImportResult()
    for row in rows:
        first, *others = dict.fromkeys(people[_key(address)].contact_id for address in row.addresses)
        for other in others:
            try:
                async with connection.transaction():
                    await merge(connection, other, first, proof=_PROOF, actor="import")
                result += ImportResult(merged=1)
                people = await _people(connection, rows)
            except Conflict as error:
                result += ImportResult(rejected=(Rejection(line=row.line, reason=str(error)),))
    return result


def _key(address: Address) -> AddressKey:
    return AddressKey(uri=str(address), proven=True)
