"""Writing to a customer: choosing address and endpoint, and putting the message into the outbox, once per key."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.desk.inbox import good_text, take_in_hand
from gateway.desk.store import conversations as store
from gateway.domain.agent import Agent
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose, may_send
from gateway.domain.delivery import Lane
from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.outbound import OutgoingDraft
from gateway.domain.views import Way
from gateway.outbox.cutting import cut
from gateway.outbox.store import outgoing
from gateway.redis.notifier import Bell
from gateway.runtime import clock
from gateway.store.db import Pool

_LANES = {
    Purpose.REPLY: Lane.REPLY,
    Purpose.NOTICE: Lane.TRANSACTIONAL,
    Purpose.SURVEY: Lane.BULK,
    Purpose.MARKETING: Lane.BULK,
}


class Letter(Struct, frozen=True, kw_only=True):
    """What somebody wants to send: without a `channel`, the one the person used last; likewise `address_id`."""

    text: str
    idempotency_key: str
    channel: Channel | None = None
    address_id: int | None = None
    purpose: Purpose = Purpose.REPLY


async def reply(pool: Pool, bell: Bell, *, conversation_id: int, letter: Letter, author: Agent | str) -> int:
    """Put a message into the outbox and give its id; the same key with the same message gives the same id.

    An agent's reply takes the conversation in hand, so that the bot is silent; `author` is a name for programs.

    Raises:
        NotFound: there is no such conversation.
        Refused: the text is no good, there is no address on that channel, or the person opted out; says which.
        Conflict: the key was used for another message.
    """
    text = good_text(letter.text)
    async with pool.acquire() as connection, connection.transaction():
        family = await store.family(connection, conversation_id)
        if not family:
            raise NotFound(f"there is no conversation {conversation_id}")
        conversation = await store.lock(connection, family[0])
        if stored := await store.sent_with_key(connection, family[0], letter.idempotency_key):
            return _repeated(stored, letter, text)
        ways = await store.ways(connection, conversation.contact_id, family)
        way = choose(ways, letter)
        case_id = conversation.newest_case_id
        if isinstance(author, Agent):
            case_id = await take_in_hand(connection, family, author)
        draft = OutgoingDraft(
            contact_id=conversation.contact_id,
            conversation_id=family[0],
            route=way.route,
            author=f"agent:{author.agent_id}" if isinstance(author, Agent) else author,
            text=text,
            parts=cut(text, way.route),
            lane=_LANES[letter.purpose],
            purpose=letter.purpose,
            chain=tuple(each.route for each in fallbacks(ways, way, letter.purpose, clock.now())),
            subject=_answering(way.last_subject) if way.channel is Channel.EMAIL else "",
            case_id=case_id,
            answers_id=way.last_inbound_id if way.channel is Channel.EMAIL else None,
            idempotency_key=letter.idempotency_key,
        )
        [message_id] = await outgoing.queue(connection, [draft])
    if message_id is None:
        raise Conflict("this idempotency key was used a moment ago; ask again")
    await bell.ring_senders()
    await bell.announce([family[0]], "message")
    return message_id


def choose(ways: Sequence[Way], letter: Letter) -> Way:
    """Pick the way to send: on the channel asked for, or else the one used last that is not shut.

    Raises:
        Refused: there is no address on that channel, or the person opted out there; says which.
    """
    fitting = [
        way
        for way in ways
        if letter.channel in (None, way.channel) and letter.address_id in (None, way.route.address_id)
    ]
    if not fitting:
        where = f"on {letter.channel}" if letter.channel else "that we can write to"
        raise Refused(f"this contact has no address {where}")
    open_ways = [way for way in fitting if may_send(letter.purpose, way.opted_out)]
    if not open_ways:
        raise Refused(f"{fitting[0].uri} opted out of messages of this kind")
    return next((way for way in open_ways if not way.unreachable), open_ways[0])


def fallbacks(ways: Sequence[Way], chosen: Way, purpose: Purpose, now: datetime) -> list[Way]:
    """List the ways to try when the chosen one fails for good: other channels the person is known to use, no others.

    The same address comes first. An unproven address never stands in for a proven one.
    """
    usable = [
        way
        for way in ways
        if way.route != chosen.route
        and way.channel is not chosen.channel
        and (way.proven or not chosen.proven)
        and may_send(purpose, way.opted_out)
        and not way.unreachable
        and is_used(way)
        and not is_window_shut(way, now)
    ]
    return sorted(usable, key=lambda way: way.uri != chosen.uri)


def is_used(way: Way) -> bool:
    """Say whether the person is known to have this channel: a text reaches any phone, WhatsApp once they used it."""
    return way.channel is not Channel.WHATSAPP or way.last_inbound_at is not None or way.window_closes_at is not None


def is_window_shut(way: Way, now: datetime) -> bool:
    """Say whether WhatsApp takes no free text to this person now."""
    return way.channel is Channel.WHATSAPP and (way.window_closes_at is None or way.window_closes_at <= now)


def _answering(subject: str) -> str:
    subject = " ".join(subject.split())
    return subject if not subject or subject.lower().startswith("re:") else f"Re: {subject}"


def _repeated(stored: store.Stored, letter: Letter, text: str) -> int:
    same_channel = letter.channel is None or stored.channel == letter.channel
    if stored.direction != "outbound" or stored.text != text or stored.purpose != letter.purpose or not same_channel:
        raise Conflict("this idempotency key was used for another message")
    return stored.message_id
