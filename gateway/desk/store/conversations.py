"""Conversations as they are read: lists, threads, ways to answer, what an agent has seen; and notes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
from msgspec import Struct

from gateway.desk.cards import AttachmentCard, ConversationCard, DecisionNote, DeliveryState, Entry, ReplyChannel
from gateway.domain.cases import CaseStatus, Severity
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.decision import Action, Reason
from gateway.domain.outbox import Route, Status
from gateway.domain.paging import Place
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)

WINDOW = timedelta(hours=24)


class Wanted(Struct, frozen=True, kw_only=True):
    """Which conversations a list shows: `all`, `open`, `mine`, `unassigned`, `one` (by `ids`) or `found`."""

    which: str = "all"
    agent_id: int | None = None
    ids: tuple[int, ...] = ()
    uris: tuple[str, ...] = ()
    case_number: str = ""
    name_part: str = ""


class Locked(Struct, frozen=True, kw_only=True):
    """A conversation taken for the transaction."""

    conversation_id: int
    contact_id: int
    newest_case_id: int | None
    language: str | None


class Stored(Struct, frozen=True, kw_only=True):
    """What a message that used an idempotency key said."""

    message_id: int
    text: str
    channel: str
    purpose: str | None
    direction: str


class StoredFile(Struct, frozen=True, kw_only=True):
    """A stored attachment, ready to be read from the file store; no `sha256` while it is not there."""

    filename: str
    media_type: str
    size_bytes: int | None
    sha256: str | None


async def merged_ids(connection: Connection, conversation_id: int) -> tuple[int, ...]:
    """Give the ids that make up this thread, the one that stands for all of them first; none when it is unknown."""
    rows = _QUERIES.merged_ids(connection, conversation_id=conversation_id)
    return tuple([row["id"] async for row in rows])


async def lock(connection: Connection, conversation_id: int) -> Locked:
    """Take a conversation that exists for this transaction."""
    row = await _QUERIES.lock(connection, conversation_id=conversation_id)
    return Locked(
        conversation_id=row["id"],
        contact_id=row["contact_id"],
        newest_case_id=row["newest_case_id"],
        language=row["language"],
    )


async def page(connection: Connection, wanted: Wanted, *, place: Place, count: int) -> Sequence[ConversationCard]:
    """List conversations by latest activity, from a place on."""
    rows = _QUERIES.page(
        connection,
        which=wanted.which,
        agent_id=wanted.agent_id,
        ids=list(wanted.ids),
        uris=list(wanted.uris),
        case_number=wanted.case_number,
        name_pattern=_containing(wanted.name_part),
        before_id=place.id,
        count=count,
    )
    return [_card(row) async for row in rows]


async def counts(connection: Connection, agent_id: int) -> Mapping[str, int]:
    """Count the conversations that need a person: `mine`, `unassigned` and `open`."""
    row = await _QUERIES.counts(connection, agent_id=agent_id)
    return dict(row)


async def newest_entries(
    connection: Connection, conversation_ids: Sequence[int], *, before: int, count: int
) -> list[int]:
    """Name the newest messages before an id, newest first."""
    rows = _QUERIES.newest_entries(connection, conversation_ids=list(conversation_ids), before=before, count=count)
    return [row["id"] async for row in rows]


async def oldest_entries(
    connection: Connection, conversation_ids: Sequence[int], *, after: int, count: int
) -> list[int]:
    """Name the oldest messages after an id, oldest first."""
    rows = _QUERIES.oldest_entries(connection, conversation_ids=list(conversation_ids), after=after, count=count)
    return [row["id"] async for row in rows]


async def entries(connection: Connection, message_ids: Sequence[int]) -> Sequence[Entry]:
    """Load messages with their deliveries, decisions and attachments, oldest first."""
    sql = _QUERIES
    files: dict[int, list[AttachmentCard]] = {}
    async for row in sql.attachments(connection, message_ids=list(message_ids)):
        files.setdefault(row["message_id"], []).append(_attachment(row))
    rows = sql.entries(connection, message_ids=list(message_ids))
    return [_entry(row, tuple(files.get(row["id"], ()))) async for row in rows]


async def attachment(connection: Connection, attachment_id: int) -> StoredFile | None:
    """Find an attachment."""
    row = await _QUERIES.attachment(connection, attachment_id=attachment_id)
    if row is None:
        return None
    return StoredFile(
        filename=row["filename"],
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"] if row["state"] == "stored" else None,
    )


async def whole_text(connection: Connection, message_id: int) -> str | None:
    """Give all of what a message said, quotes and signature too; None when there is no such message."""
    text: str | None = await _QUERIES.whole_text(connection, message_id=message_id)
    return text


async def reply_channels(
    connection: Connection, contact_id: int, conversation_ids: Sequence[int]
) -> Sequence[ReplyChannel]:
    """List every way to write to a contact, the one they used last first."""
    rows = _QUERIES.reply_channels(connection, contact_id=contact_id, conversation_ids=list(conversation_ids))
    return [_reply_channel(row) async for row in rows]


async def add_note(
    connection: Connection, conversation: Locked, *, author: str, text: str, idempotency_key: str
) -> int | None:
    """Add an internal note and give its id, or None when the key was already used."""
    note_id: int | None = await _QUERIES.note(
        connection,
        contact_id=conversation.contact_id,
        conversation_id=conversation.conversation_id,
        author=author,
        text=text,
        case_id=conversation.newest_case_id,
        idempotency_key=idempotency_key,
    )
    return note_id


async def saw(connection: Connection, agent_id: int, conversation_ids: Sequence[int]) -> None:
    """Note that an agent has read a thread to its end."""
    await _QUERIES.saw(connection, agent_id=agent_id, conversation_ids=list(conversation_ids))


async def sent_with_key(connection: Connection, conversation_id: int, idempotency_key: str) -> Stored | None:
    """Find what the message with this idempotency key said."""
    row = await _QUERIES.sent_with_key(connection, conversation_id=conversation_id, idempotency_key=idempotency_key)
    if row is None:
        return None
    return Stored(
        message_id=row["id"],
        text=row["text"],
        channel=row["channel"],
        purpose=row["purpose"],
        direction=row["direction"],
    )


async def changed_since(connection: Connection, message_id: int) -> dict[int, int]:
    """Name the conversations with messages after this one, each with its latest message."""
    rows = _QUERIES.changed_since(connection, message_id=message_id)
    return {row["id"]: row["latest_id"] async for row in rows}


async def latest_message(connection: Connection) -> int:
    """Give the id of the latest message of all, 0 when there is none."""
    latest: int = await _QUERIES.latest_message(connection)
    return latest


def _containing(part: str) -> str:
    escaped = part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%" if part else ""


def _card(row: asyncpg.Record) -> ConversationCard:
    return ConversationCard(
        conversation_id=row["id"],
        contact_id=row["contact_id"],
        name=row["name"],
        address=row["address"],
        proven=row["proven"],
        language=row["language"],
        channel=row["last_channel"],
        preview=row["preview"],
        preview_is_ours=row["preview_direction"] != "inbound",
        last_activity_at=row["last_activity_at"],
        last_message_id=row["last_message_id"],
        unread=row["unread"],
        case_number=row["number"],
        case_status=CaseStatus(row["status"]) if row["status"] else None,
        case_severity=Severity(row["severity"]) if row["severity"] else None,
        case_topic=row["topic"],
        answer_due_at=row["answer_due_at"],
        assignee=row["assignee"],
    )


def _attachment(row: asyncpg.Record) -> AttachmentCard:
    return AttachmentCard(
        attachment_id=row["id"],
        filename=row["filename"],
        media_type=row["media_type"],
        state=row["state"],
        size_bytes=row["size_bytes"],
        reason=row["reason"],
    )


def _entry(row: asyncpg.Record, files: tuple[AttachmentCard, ...]) -> Entry:
    return Entry(
        message_id=row["id"],
        conversation_id=row["conversation_id"],
        direction=row["direction"],
        channel=row["channel"],
        kind=row["kind"],
        author=row["author_name"],
        text=row["text"],
        created_at=row["created_at"],
        is_automatic=row["cause_message_id"] is not None,
        full_text=row["full_text"],
        has_html=row["has_html"],
        subject=row["subject"] or None,
        verification=row["verification"],
        purpose=row["purpose"],
        address=row["address"],
        endpoint=row["endpoint"],
        provider_id=row["provider_id"],
        delivery=_delivery(row),
        decision=_decision(row),
        attachments=files,
    )


def _delivery(row: asyncpg.Record) -> DeliveryState | None:
    if row["status"] is None:
        return None
    return DeliveryState(
        status=Status(row["status"]),
        channel=row["sent_channel"],
        attempts=row["attempts"],
        reason=row["reason"],
        provider_id=row["provider_id"],
    )


def _decision(row: asyncpg.Record) -> DecisionNote | None:
    if row["decision_action"] is None:
        return None
    reason = row["decision_reason"] or {"code": "", "details": {}}
    return DecisionNote(
        action=Action(row["decision_action"]),
        rule=row["decision_rule"],
        reason=Reason(code=reason["code"], details=reason["details"]),
    )


def _reply_channel(row: asyncpg.Record) -> ReplyChannel:
    opened_at: datetime | None = row["window_opened_at"]
    is_whatsapp = row["channel"] == Channel.WHATSAPP
    return ReplyChannel(
        route=Route(
            address_id=row["address_id"],
            endpoint_id=row["endpoint_id"],
            channel=Channel(row["channel"]),
            provider=row["provider"],
        ),
        uri=row["uri"],
        proven=row["proven"],
        endpoint=row["endpoint"],
        endpoint_address=row["endpoint_address"],
        opted_out=frozenset(map(Purpose, row["opted_out"])),
        unreachable=row["unreachable"],
        last_inbound_at=row["last_inbound_at"],
        last_inbound_id=row["last_inbound_id"],
        last_subject=row["last_subject"] or "",
        window_closes_at=opened_at + WINDOW if is_whatsapp and opened_at is not None else None,
    )
