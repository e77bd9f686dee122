"""Finding out whose message it is: known people are found, unknown ones get a contact and a conversation, in bulk."""

from collections.abc import Awaitable, Callable, Sequence

from channels.phone import variants
from gateway.domain.language import detect
from gateway.domain.messages import ConsentSignal, InboundMessage, Verification, storable
from gateway.domain.people import Address, AddressKey, NewAddress, Person
from gateway.people.merging import merge
from gateway.people.store import addresses as store
from gateway.store.db import Connection

Spoken = InboundMessage | ConsentSignal


class MergedMeanwhile(Exception):
    """A sender's conversation was merged into another between finding it and locking it."""


async def resolve_and_lock(
    connection: Connection, messages: Sequence[InboundMessage], before_merging: Callable[[], Awaitable[None]]
) -> list[Person]:
    """Give the person behind each message as `identify` does, with their conversations locked for this transaction.

    Two batches lock in id order; should new people break it, PostgreSQL ends the ring. `before_merging` is waited for
    before anything is done to people that other batches may know.

    Raises:
        MergedMeanwhile: run the same batch again in a new transaction.
    """
    keys = [_keys(message) for message in messages]
    known, all_stand = await store.find_and_lock(connection, _each_once(keys))
    if not all_stand:
        raise MergedMeanwhile
    are_vouched = any(message.sender.also for message in messages)
    if all(spellings[0] in known for spellings in keys) and not are_vouched:
        people = [known[spellings[0]] for spellings in keys]
        await _name(connection, messages, people)
        return people
    if are_vouched:
        await before_merging()
    people = await _complete(connection, messages, keys, known)
    if not await store.lock_conversations(connection, [person.conversation_id for person in people]):
        raise MergedMeanwhile
    return people


async def identify(connection: Connection, events: Sequence[Spoken]) -> list[Person]:
    """Give the person behind each event, in order, creating who is new.

    A message nobody vouches for never finds a proven address: it belongs to an unproven contact of its own. Other
    addresses the provider vouches for, and spellings of the same number, lead to the same contact.
    """
    keys = [_keys(event) for event in events]
    return await _complete(connection, events, keys, await store.find_people(connection, _each_once(keys)))


async def _complete(
    connection: Connection, events: Sequence[Spoken], keys: Sequence[list[AddressKey]], known: dict[AddressKey, Person]
) -> list[Person]:
    if missing := _missing(events, keys, known):
        await store.create_people(connection, missing)
        known |= await store.find_people(connection, [address.key for address in missing])
    await _join_vouched(connection, events, keys, known)
    people = [known[each[0]] for each in keys]
    await _name(connection, events, people)
    return people


def _each_once(keys: Sequence[list[AddressKey]]) -> list[AddressKey]:
    return list(dict.fromkeys(key for each in keys for key in each))


def _keys(event: Spoken) -> list[AddressKey]:
    proven = not isinstance(event, InboundMessage) or event.verification is Verification.ALIGNED
    address = event.sender.address
    spellings = (address, *variants(address), *event.sender.also)
    return [_key(each, proven=proven) for each in dict.fromkeys(spellings)]


def _key(address: Address, *, proven: bool) -> AddressKey:
    return AddressKey(uri=storable(str(address)), proven=proven)


def _missing(
    events: Sequence[Spoken], keys: Sequence[list[AddressKey]], known: dict[AddressKey, Person]
) -> list[NewAddress]:
    missing: dict[AddressKey, NewAddress] = {}
    for event, spellings in zip(events, keys, strict=True):
        if spellings[0] in known or spellings[0] in missing:
            continue
        kin = next((known[key] for key in spellings if key in known), None)
        missing[spellings[0]] = NewAddress(
            key=spellings[0],
            contact_id=kin.contact_id if kin else None,
            name=event.sender.name,
            language=detect(event.text) if isinstance(event, InboundMessage) else None,
        )
    return list(missing.values())


async def _join_vouched(
    connection: Connection, events: Sequence[Spoken], keys: Sequence[list[AddressKey]], known: dict[AddressKey, Person]
) -> None:
    """Add, or merge in, the further addresses that a provider says belong to the same person."""
    for event, spellings in zip(events, keys, strict=True):
        if not event.sender.also:
            continue
        person = known[spellings[0]]
        vouched = [_key(also, proven=spellings[0].proven) for also in event.sender.also]
        fresh = [NewAddress(key=key, contact_id=person.contact_id) for key in vouched if key not in known]
        if fresh:
            await store.create_people(connection, fresh)
        others = {known[key].contact_id for key in vouched if key in known} - {person.contact_id}
        for other in sorted(others):
            await merge(
                connection, other, person.contact_id, proof="the provider names both as one person", actor="gateway"
            )
        known |= await store.find_people(connection, vouched)


async def _name(connection: Connection, events: Sequence[Spoken], people: Sequence[Person]) -> None:
    names = {
        person.contact_id: event.sender.name
        for event, person in zip(events, people, strict=True)
        if event.sender.name and not person.name
    }
    if names:
        await store.name_contacts(connection, names)
