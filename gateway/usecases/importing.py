"""Bringing in people and knowledge from files: what is wrong with a row is said, and the other rows go in all the same.

Reading a file is pure and apart from storing it; an import is proof that a phone and a mailbox are one person's.
"""

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from channels.phone import to_e164
from gateway.domain.address import Address, mailto
from gateway.domain.arrival import AddressKey, NewAddress, Person
from gateway.domain.errors import AddressError, Conflict, Refused
from gateway.domain.language import Language
from gateway.domain.views import Draft, DraftText
from gateway.store import intake as store
from gateway.store import knowledge as knowledge_store
from gateway.store.db import Connection, Pool
from gateway.usecases.identity import merge

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


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of some rows: people who are new, people who were known, and contacts that turned out to be one."""

    created: int = 0
    known: int = 0
    merged: int = 0
    rejected: tuple[Rejection, ...] = ()

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
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


async def store_contacts(pool: Pool, rows: Sequence[Row]) -> Outcome:
    """Store some rows in one transaction: create who is new, add addresses to who is known, merge who is one."""
    async with pool.acquire() as connection, connection.transaction():
        before = await _people(connection, rows)
        await _create(connection, rows, before)
        await _add_addresses(connection, rows, await _people(connection, rows))
        outcome = await _merge(connection, rows, await _people(connection, rows))
        named = {person.contact_id: row.name for row, person in await _firsts(connection, rows) if row.name}
        if named:
            await store.name_contacts(connection, named)
    known = sum(any(_key(address) in before for address in row.addresses) for row in rows)
    return outcome + Outcome(created=len(rows) - known, known=known)


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


async def _merge(connection: Connection, rows: Sequence[Row], people: Mapping[AddressKey, Person]) -> Outcome:
    """Merge the contacts that a row shows to be one person; a merge that cannot be is reported, not fatal."""
    outcome = Outcome()
    for row in rows:
        first, *others = dict.fromkeys(people[_key(address)].contact_id for address in row.addresses)
        for other in others:
            try:
                async with connection.transaction():
                    await merge(connection, other, first, proof=_PROOF, actor="import")
                outcome += Outcome(merged=1)
                people = await _people(connection, rows)
            except Conflict as error:
                outcome += Outcome(rejected=(Rejection(line=row.line, reason=str(error)),))
    return outcome


def _key(address: Address) -> AddressKey:
    return AddressKey(uri=str(address), proven=True)


def read_articles(content: bytes) -> list[Draft]:
    """Read a TOML file of `[[article]]` tables: key, category, and a table per language with title, answer, variants.

    Raises:
        Refused: it is not such a file; names the article and what is wrong with it.
    """
    try:
        articles = tomllib.loads(content.decode("utf-8")).get("article", [])
    except ValueError as error:
        raise Refused(f"this is not a TOML file in UTF-8: {error}") from error
    drafts = [_draft(number, article) for number, article in enumerate(articles, 1)]
    if not drafts:
        raise Refused("there is no [[article]] in this file")
    if len({draft.key for draft in drafts}) < len(drafts):
        raise Refused("two articles have the same key")
    return drafts


def _draft(number: int, article: Mapping[str, object]) -> Draft:
    texts = {name: value for name, value in article.items() if isinstance(value, dict)}
    key, category = article.get("key"), article.get("category", "")
    if not isinstance(key, str) or not key.strip() or not isinstance(category, str):
        raise Refused(f"article {number} needs a key and a category in words")
    if not texts or not texts.keys() <= set(Language):
        raise Refused(f"article {key} needs a table for at least one of the languages {', '.join(Language)}")
    return Draft(
        key=key.strip(),
        category=category,
        published=article.get("published", True) is not False,
        texts=tuple(_text(key, language, text) for language, text in texts.items()),
    )


def _text(key: str, language: str, text: Mapping[str, object]) -> DraftText:
    title, answer, variants = text.get("title"), text.get("answer"), text.get("variants", [])
    if not (isinstance(title, str) and title and isinstance(answer, str) and answer):
        raise Refused(f"article {key} needs a title and an answer in {language}")
    if not isinstance(variants, list) or not all(isinstance(variant, str) for variant in variants):
        raise Refused(f"article {key}: the variants in {language} must be a list of questions")
    return DraftText(language=language, title=title, answer=answer, variants=tuple(variants))


async def store_articles(pool: Pool, drafts: Sequence[Draft]) -> tuple[int, int]:
    """Add these articles, replacing those with the same key; gives how many are new and how many were replaced."""
    async with pool.acquire() as connection, connection.transaction():
        existing = {
            card.key: card.article_id for card in await knowledge_store.page(connection, after="", count=100_000)
        }
        for draft in drafts:
            if draft.key in existing:
                await knowledge_store.change(connection, existing[draft.key], draft)
            else:
                await knowledge_store.add(connection, draft)
        await knowledge_store.bump(connection)
    replaced = sum(draft.key in existing for draft in drafts)
    return len(drafts) - replaced, replaced
