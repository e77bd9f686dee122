"""Putting outbound messages and their deliveries into the outbox. Claiming and sending them is `store.outbox`'s."""

from collections.abc import Sequence

from gateway.domain.outbound import OutgoingDraft, Route
from gateway.store.db import Connection, statements, to_json
from gateway.store.documents import from_question

PREVIEW_LENGTH = 160


async def queue(connection: Connection, drafts: Sequence[OutgoingDraft]) -> list[int | None]:
    """Store these messages and show them as the latest of their conversations; ids as `insert` gives them."""
    ids = await insert(connection, drafts)
    stored = [(draft, message_id) for draft, message_id in zip(drafts, ids, strict=True) if message_id is not None]
    if stored:
        await statements("outgoing").touch(
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
    sql = statements("outgoing")
    ids: list[int | None] = [None] * len(drafts)
    async for row in sql.queue(
        connection,
        contact_ids=[draft.contact_id for draft in drafts],
        conversation_ids=[draft.conversation_id for draft in drafts],
        address_ids=[draft.route.address_id for draft in drafts],
        endpoint_ids=[draft.route.endpoint_id for draft in drafts],
        channels=[draft.route.channel for draft in drafts],
        authors=[draft.author for draft in drafts],
        texts=[draft.text for draft in drafts],
        parts=[to_json(draft.parts) for draft in drafts],
        lanes=[int(draft.lane) for draft in drafts],
        purposes=[draft.purpose for draft in drafts],
        chains=[to_json([_route(route) for route in draft.chain]) for draft in drafts],
        subjects=[draft.subject for draft in drafts],
        templates=[draft.template for draft in drafts],
        values=[to_json(dict(draft.values)) for draft in drafts],
        choices=[to_json(draft.choices) if draft.choices else None for draft in drafts],
        questions=[to_json(from_question(draft.question)) if draft.question else None for draft in drafts],
        case_ids=[draft.case_id for draft in drafts],
        because_ofs=[draft.because_of for draft in drafts],
        answers_ids=[draft.answers_id for draft in drafts],
        idempotency_keys=[draft.idempotency_key for draft in drafts],
    ):
        ids[row["ord"]] = row["message_id"]
    return ids


async def message_of_key(connection: Connection, conversation_id: int, idempotency_key: str) -> int | None:
    """Find the message an idempotency key already stored in this conversation."""
    found: int | None = await statements("outgoing").by_idempotency_key(
        connection, conversation_id=conversation_id, idempotency_key=idempotency_key
    )
    return found


def _route(route: Route) -> dict[str, object]:
    return {"address_id": route.address_id, "endpoint_id": route.endpoint_id, "channel": route.channel}
