"""Putting outbound messages and their deliveries into the outbox. Claiming them is `deliveries`'."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Choice, Lane, OutgoingDraft, Route
from gateway.store.db import Connection, load_queries, to_rows
from gateway.store.documents import from_question

_QUERIES = load_queries(__file__)

PREVIEW_LENGTH = 160


class _Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of `queue`."""

    ord: int
    contact_id: int
    conversation_id: int
    address_id: int
    endpoint_id: int
    channel: Channel
    author: str
    text: str
    parts: Sequence[str]
    lane: Lane
    purpose: Purpose
    chain: Sequence[Mapping[str, object]]
    subject: str
    template: str
    template_values: Mapping[str, str]
    choices: Sequence[Choice] | None = None
    question: Mapping[str, object] | None = None
    case_id: int | None = None
    cause_message_id: int | None = None
    reply_to_message_id: int | None = None
    idempotency_key: str | None = None


async def queue(connection: Connection, drafts: Sequence[OutgoingDraft]) -> list[int | None]:
    """Store these messages and show them as the latest of their conversations; ids as `insert` gives them."""
    ids = await insert(connection, drafts)
    stored = [(draft, message_id) for draft, message_id in zip(drafts, ids, strict=True) if message_id is not None]
    if stored:
        await _QUERIES.touch(
            connection,
            conversation_ids=[draft.conversation_id for draft, _ in stored],
            message_ids=[message_id for _, message_id in stored],
            previews=[draft.text[:PREVIEW_LENGTH] for draft, _ in stored],
        )
    return ids


async def insert(connection: Connection, drafts: Sequence[OutgoingDraft]) -> list[int | None]:
    """Store these messages, one delivery per part, and give their ids in order; None where the key was already used."""
    if not drafts:
        return []
    ids: list[int | None] = [None] * len(drafts)
    rows = [_row(place, draft) for place, draft in enumerate(drafts)]
    async for row in _QUERIES.queue(connection, drafts=to_rows(rows)):
        ids[row["ord"]] = row["message_id"]
    return ids


async def message_of_key(connection: Connection, conversation_id: int, idempotency_key: str) -> int | None:
    """Find the message an idempotency key already stored in this conversation."""
    found: int | None = await _QUERIES.by_idempotency_key(
        connection, conversation_id=conversation_id, idempotency_key=idempotency_key
    )
    return found


def _row(place: int, draft: OutgoingDraft) -> _Row:
    return _Row(
        ord=place,
        contact_id=draft.contact_id,
        conversation_id=draft.conversation_id,
        address_id=draft.route.address_id,
        endpoint_id=draft.route.endpoint_id,
        channel=draft.route.channel,
        author=draft.author,
        text=draft.text,
        parts=draft.parts,
        lane=draft.lane,
        purpose=draft.purpose,
        chain=[_route(route) for route in draft.chain],
        subject=draft.subject,
        template=draft.template,
        template_values=dict(draft.values),
        choices=draft.choices or None,
        question=from_question(draft.question),
        case_id=draft.case_id,
        cause_message_id=draft.cause_message_id,
        reply_to_message_id=draft.reply_to_message_id,
        idempotency_key=draft.idempotency_key,
    )


def _route(route: Route) -> dict[str, object]:
    return {"address_id": route.address_id, "endpoint_id": route.endpoint_id, "channel": route.channel}
