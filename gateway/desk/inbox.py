"""What agents and programs do in conversations besides writing to the customer: read them, and note things."""

from collections.abc import Mapping, Sequence

from gateway.desk.cards import ConversationCard, Entry, Thread
from gateway.desk.cases import actor, speak_in_person
from gateway.desk.store import cases
from gateway.desk.store import conversations as store
from gateway.desk.store.conversations import StoredFile, Wanted
from gateway.domain.agents import Agent
from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.messages import storable
from gateway.domain.paging import Page, Place, cut, place_of
from gateway.people.store import contacts
from gateway.redis.notifier import Notifier
from gateway.store.db import Connection, Pool

LONGEST_TEXT = 20_000
_THREAD_LENGTH = 60
_END = 2**62


async def list_conversations(pool: Pool, wanted: Wanted, *, cursor: str | None, limit: int) -> Page[ConversationCard]:
    """List conversations by latest activity.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    async with pool.acquire() as connection:
        found = await store.page(connection, wanted, place=place_of(cursor), count=limit + 1)
    items, last = cut(found, limit)
    following = Place(id=last.last_message_id).cursor() if last and last.last_message_id else None
    return Page(items=items, next=following)


async def count_waiting(pool: Pool, agent: Agent) -> Mapping[str, int]:
    """Count the conversations that need a person: `mine`, `unassigned` and `open`."""
    async with pool.acquire() as connection:
        return await store.counts(connection, agent.agent_id)


async def get_conversation(pool: Pool, conversation_id: int) -> ConversationCard:
    """Find a conversation, or the one it was merged into.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection:
        merged_ids = await _merged_ids(connection, conversation_id)
        found = await store.page(connection, Wanted(which="one", ids=merged_ids[:1]), place=Place(), count=1)
    return found[0]


async def open_thread(pool: Pool, conversation_id: int, *, before: int | None = None) -> Thread:
    """Open a conversation, merged ones included: its latest messages, or those before an id, and all around them.

    Raises:
        NotFound: there is no such conversation.
    """
    async with pool.acquire() as connection:
        merged_ids = await _merged_ids(connection, conversation_id)
        conversation = (await store.page(connection, Wanted(which="one", ids=merged_ids[:1]), place=Place(), count=1))[
            0
        ]
        ids = await store.newest_entries(connection, merged_ids, before=before or _END, count=_THREAD_LENGTH + 1)
        contact = await contacts.one(connection, conversation.contact_id)
        if contact is None:
            raise NotFound(f"there is no contact {conversation.contact_id}")
        return Thread(
            conversation_id=merged_ids[0],
            contact=contact,
            entries=tuple(await store.entries(connection, ids[:_THREAD_LENGTH])),
            earlier=ids[_THREAD_LENGTH - 1] if len(ids) > _THREAD_LENGTH else None,
            cases=tuple(await cases.page(connection, conversation_ids=merged_ids)),
            reply_channels=tuple(await store.reply_channels(connection, contact.contact_id, merged_ids)),
            last_channel=conversation.channel,
        )


async def list_messages(pool: Pool, conversation_id: int, *, after: int, limit: int) -> Page[Entry]:
    """List the messages of a conversation, merged ones included, oldest first, after an id.

    Raises:
        NotFound: there is no such conversation.
    """
    async with pool.acquire() as connection:
        merged_ids = await _merged_ids(connection, conversation_id)
        ids, last = cut(await store.oldest_entries(connection, merged_ids, after=after, count=limit + 1), limit)
        return Page(items=await store.entries(connection, ids), next=str(last) if last else None)


async def note(
    pool: Pool, notifier: Notifier, *, conversation_id: int, agent: Agent, text: str, idempotency_key: str
) -> int:
    """Add an internal note and give its id; the customer never sees it.

    Raises:
        NotFound: there is no such conversation.
        Refused: there is nothing in it, or too much.
        Conflict: the key was used for another text.
    """
    text = good_text(text)
    async with pool.acquire() as connection, connection.transaction():
        merged_ids = await _merged_ids(connection, conversation_id)
        conversation = await store.lock(connection, merged_ids[0])
        note_id = await store.add_note(
            connection, conversation, author=actor(agent), text=text, idempotency_key=idempotency_key
        )
        if note_id is None:
            return await _repeated_note(connection, merged_ids[0], idempotency_key, text)
    await notifier.announce([merged_ids[0]], "note")
    return note_id


async def mark_seen(pool: Pool, conversation_id: int, agent: Agent) -> None:
    """Note that an agent has read a thread to its end."""
    async with pool.acquire() as connection:
        await store.saw(connection, agent.agent_id, await store.merged_ids(connection, conversation_id))


async def whole_text(pool: Pool, message_id: int) -> str:
    """Give all of what a message said, quotes and signature too.

    Raises:
        NotFound: there is no such message.
    """
    async with pool.acquire() as connection:
        text = await store.whole_text(connection, message_id)
    if text is None:
        raise NotFound(f"there is no message {message_id}")
    return text


async def find_file(pool: Pool, attachment_id: int) -> StoredFile:
    """Find an attachment.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection:
        found = await store.attachment(connection, attachment_id)
    if found is None:
        raise NotFound(f"there is no attachment {attachment_id}")
    return found


async def take_in_hand(connection: Connection, merged_ids: Sequence[int], agent: Agent) -> int:
    """Note, within the caller's transaction, that an agent answers this thread; gives the case it belongs to."""
    return await speak_in_person(connection, tuple(merged_ids), agent, answered=True)


def good_text(text: str) -> str:
    """Give the text as it can be stored and sent.

    Raises:
        Refused: there is nothing in it, or too much.
    """
    text = storable(text.replace("\r\n", "\n")).strip()
    if not text:
        raise Refused("write something first")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"a message has at most {LONGEST_TEXT} characters; this one has {len(text)}")
    return text


async def _repeated_note(connection: Connection, conversation_id: int, key: str, text: str) -> int:
    stored = await store.sent_with_key(connection, conversation_id, key)
    if stored is None or stored.direction != "note" or stored.text != text:
        raise Conflict("this idempotency key was used for another message")
    return stored.message_id


async def _merged_ids(connection: Connection, conversation_id: int) -> tuple[int, ...]:
    merged_ids = await store.merged_ids(connection, conversation_id)
    if not merged_ids:
        raise NotFound(f"there is no conversation {conversation_id}")
    return merged_ids
