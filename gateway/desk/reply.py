"""Writing to a customer: choosing address and endpoint, and putting the message into the outbox, once per key."""

from msgspec import Struct

from gateway.desk.inbox import good_text, take_in_hand
from gateway.desk.reply_channels import choose, fallbacks
from gateway.desk.store import conversations as store
from gateway.domain.agents import Agent
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.messages import answering
from gateway.domain.outbox import Lane, OutgoingDraft
from gateway.outbox.cutting import cut
from gateway.outbox.store import outgoing
from gateway.redis.notifier import Notifier
from gateway.runtime import clock
from gateway.store.db import Pool

_LANES = {
    Purpose.REPLY: Lane.REPLY,
    Purpose.NOTICE: Lane.TRANSACTIONAL,
    Purpose.SURVEY: Lane.BULK,
    Purpose.MARKETING: Lane.BULK,
}


class ReplyRequest(Struct, frozen=True, kw_only=True):
    """What somebody wants to send: without a `channel`, the one the person used last; likewise `address_id`."""

    text: str
    idempotency_key: str
    channel: Channel | None = None
    address_id: int | None = None
    purpose: Purpose = Purpose.REPLY


async def reply(
    pool: Pool, notifier: Notifier, *, conversation_id: int, request: ReplyRequest, author: Agent | str
) -> int:
    """Put a message into the outbox and give its id; the same key with the same message gives the same id.

    An agent's reply takes the conversation in hand, so that the bot is silent; `author` is a name for programs.

    Raises:
        NotFound: there is no such conversation.
        Refused: the text is no good, there is no address on that channel, or the person opted out; says which.
        Conflict: the key was used for another message.
    """
    text = good_text(request.text)
    async with pool.acquire() as connection, connection.transaction():
        merged_ids = await store.merged_ids(connection, conversation_id)
        if not merged_ids:
            raise NotFound(f"there is no conversation {conversation_id}")
        conversation = await store.lock(connection, merged_ids[0])
        if stored := await store.sent_with_key(connection, merged_ids[0], request.idempotency_key):
            return _repeated(stored, request, text)
        reply_channels = await store.reply_channels(connection, conversation.contact_id, merged_ids)
        candidate = choose(
            reply_channels,
            channel=request.channel,
            address_id=request.address_id,
            purpose=request.purpose,
            now=clock.now(),
        )
        case_id = conversation.newest_case_id
        if isinstance(author, Agent):
            case_id = await take_in_hand(connection, merged_ids, author)
        draft = OutgoingDraft(
            contact_id=conversation.contact_id,
            conversation_id=merged_ids[0],
            route=candidate.route,
            author=f"agent:{author.agent_id}" if isinstance(author, Agent) else author,
            text=text,
            parts=cut(text, candidate.route),
            lane=_LANES[request.purpose],
            purpose=request.purpose,
            chain=tuple(each.route for each in fallbacks(reply_channels, candidate, request.purpose, clock.now())),
            subject=answering(candidate.last_subject) if candidate.channel is Channel.EMAIL else "",
            case_id=case_id,
            reply_to_message_id=candidate.last_inbound_id if candidate.channel is Channel.EMAIL else None,
            idempotency_key=request.idempotency_key,
        )
        [message_id] = await outgoing.queue(connection, [draft])
    if message_id is None:
        raise Conflict("this idempotency key was used a moment ago; ask again")
    await notifier.wake_senders()
    await notifier.announce([merged_ids[0]], "message")
    return message_id


def _repeated(stored: store.Stored, request: ReplyRequest, text: str) -> int:
    same_channel = request.channel is None or stored.channel == request.channel
    if stored.direction != "outbound" or stored.text != text or stored.purpose != request.purpose or not same_channel:
        raise Conflict("this idempotency key was used for another message")
    return stored.message_id
