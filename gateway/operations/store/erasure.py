"""Finding everything of a person, and deleting it. Files are only marked as unwanted here; `retention` drops them."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class MergedContacts(Struct, frozen=True, kw_only=True):
    """One person: the contacts and conversations that were merged to be theirs, and the addresses they are known by."""

    contact_ids: Sequence[int]
    conversation_ids: Sequence[int]
    addresses: Mapping[int, str]


class Extent(Struct, frozen=True, kw_only=True):
    """How much there is of a person."""

    messages: int
    attachments: int
    cases: int


async def owners(connection: Connection, uris: Sequence[str]) -> list[int]:
    """Give the contacts that have any of these addresses, proven or not."""
    return [row["contact_id"] async for row in _QUERIES.owners(connection, uris=list(uris))]


async def merged_contacts(connection: Connection, contact_ids: Sequence[int]) -> MergedContacts:
    """Gather these contacts with all that were merged into them, or they into."""
    rows = [row async for row in _QUERIES.merged_contacts(connection, contact_ids=list(contact_ids))]
    found = [row["contact_id"] for row in rows]
    addresses = {row["id"]: row["uri"] async for row in _QUERIES.addresses(connection, contact_ids=found)}
    talks = [row["conversation_id"] for row in rows if row["conversation_id"] is not None]
    return MergedContacts(contact_ids=found, conversation_ids=talks, addresses=addresses)


async def extent(connection: Connection, people: MergedContacts) -> Extent:
    """Count what there is."""
    row = await _QUERIES.extent(connection, conversation_ids=people.conversation_ids)
    return Extent(messages=row["messages"], attachments=row["attachments"], cases=row["cases"])


async def lock(connection: Connection, people: MergedContacts) -> None:
    """Let nobody write into these conversations until the transaction ends."""
    await _QUERIES.lock(connection, conversation_ids=people.conversation_ids)


async def erase(connection: Connection, people: MergedContacts, *, actor: str) -> dict[str, int]:
    """Delete every row of this person but the keyed hashes of opt-outs, and say how many of which kind.

    Raises:
        asyncpg.UndefinedObjectError: the pool was opened without the erasure key.
    """
    named = _QUERIES
    contacts, talks = {"contact_ids": people.contact_ids}, {"conversation_ids": people.conversation_ids}
    await named.keep_opt_outs(connection, **contacts)
    counts = {
        "raw_payload": await named.raw_payloads(connection, **talks),
        "delivery": await named.deliveries(connection, **talks),
        "attachment": await named.attachments(connection, **talks),
        "message": await named.messages(connection, **talks),
    }
    await named.survey_answers(connection, **talks)
    await named.let_go_of_cases(connection, **talks)
    counts["service_case"] = await named.cases(connection, **talks)
    await named.conversations(connection, **talks)
    await named.merges(connection, **contacts)
    await named.proofs(connection, **contacts)
    await named.consents(connection, **contacts)
    counts["address"] = await named.drop_addresses(connection, **contacts)
    counts["contact"] = await named.contacts(connection, **contacts)
    await named.note(connection, actor=actor, counts=counts)
    return counts


async def erase_payloads_naming(
    connection: Connection, needles: Sequence[str], *, after: int, most: int
) -> tuple[int, int | None]:
    """Delete the next payloads that hold one of these lower-case words; gives how many, and where to go on."""
    row = await _QUERIES.raw_payloads_naming(connection, needles=list(needles), after=after, most=most)
    return row["count"], row["after"]
