"""The load_queries of intake: finding and creating senders, locking, loading facts, and storing what came in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg
from msgspec import Struct

from channels.contract import Request
from gateway.domain.cases import CaseFacts, CaseStatus, Severity
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.decision import Action, Facts, Reason
from gateway.domain.language import Language
from gateway.domain.messages import MessageKind, Verification, storable
from gateway.intake.arrival import Arrival, Decided, Known, StoredMessage
from gateway.store.db import Connection, load_queries, to_json, to_rows
from gateway.store.documents import from_question, to_question

_QUERIES = load_queries(__file__)

PREVIEW_LENGTH = 160
_TEN_MINUTES = 600
_ONE_DAY = 86_400


class _Wanted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of `load_facts`."""

    ord: int
    conversation_id: int
    address_id: int
    endpoint_id: int
    provider_id: str
    context: Sequence[str] | None = None


class _Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of `take_in`: a message, the case it opens, and what it changes in its conversation.

    `payload` is the 1-based place of its raw payload.
    """

    id: int
    contact_id: int
    conversation_id: int
    channel: Channel
    endpoint_id: int
    address_id: int
    provider_id: str
    kind: MessageKind
    author: str
    text: str
    verification: Verification
    payload: int
    action: Action
    rule: int
    reason: Reason
    keeps_question: bool
    automatic: int
    acknowledged: bool
    last_message_id: int
    preview: str
    preview_direction: str
    full_text: str | None = None
    html: str | None = None
    subject: str | None = None
    case_id: int | None = None
    reply_to_message_id: int | None = None
    article_key: str | None = None
    occurred_at: datetime | None = None
    opens_number: str | None = None
    opens_topic: str | None = None
    opens_severity: Severity | None = None
    opens_queue: str | None = None
    opens_language: str | None = None
    opens_due_at: datetime | None = None
    question: Mapping[str, object] | None = None
    language: Language | None = None


async def load_facts(
    connection: Connection, arrivals: Sequence[Arrival], *, now: datetime, default_language: Language
) -> tuple[list[Known], int]:
    """Load everything routing may know about these messages, in their order, and the version of what it refers to.

    There is at least one; their conversations are locked.
    """
    wanted = [
        _Wanted(
            ord=place,
            conversation_id=arrival.person.conversation_id,
            address_id=arrival.person.address_id,
            endpoint_id=arrival.endpoint_id,
            provider_id=arrival.message.provider_id,
            context=arrival.message.context.provider_ids or None,
        )
        for place, arrival in enumerate(arrivals)
    ]
    rows = [row async for row in _QUERIES.load_facts(connection, wanted=to_rows(wanted))]
    return [_known(row, now, default_language) for row in rows], rows[0]["knowledge_version"]


def _known(row: asyncpg.Record, now: datetime, default_language: Language) -> Known:
    ages = [(now - at).total_seconds() for at in row["automatic_at"]]
    by_context = row["context_question"] is not None
    facts = Facts(
        now=now,
        language=Language(row["language"]) if row["language"] else default_language,
        newest_case=_case(row) if row["case_id"] is not None else None,
        question=to_question(row["context_question"] if by_context else row["question"]),
        question_by_context=by_context,
        opted_out=frozenset(Purpose(purpose) for purpose in row["opted_out"]),
        is_first_message=row["is_first_message"],
        recent_automatic=sum(age < _TEN_MINUTES for age in ages),
        daily_automatic=sum(age < _ONE_DAY for age in ages),
        last_acknowledged_at=row["acknowledged_at"],
    )
    return Known(
        message_id=row["message_id"], is_repeat=row["seen"], facts=facts, reply_to_message_id=row["reply_to_message_id"]
    )


def _case(row: asyncpg.Record) -> CaseFacts:
    return CaseFacts(
        case_id=row["case_id"],
        number=row["number"],
        status=CaseStatus(row["status"]),
        topic=row["topic"],
        queue=row["queue"],
        severity=Severity(row["severity"]),
        assignee=row["assignee"],
        person_spoke=row["person_spoke"],
        opened_at=row["opened_at"],
        answer_due_at=row["answer_due_at"],
    )


async def new_case_ids(connection: Connection, count: int) -> list[int]:
    """Set aside ids for cases about to be opened."""
    return [row["id"] async for row in _QUERIES.new_case_ids(connection, count=count)]


async def raise_cases(connection: Connection, severities: Mapping[int, Severity]) -> None:
    """Make these cases at least this urgent."""
    await _QUERIES.raise_cases(
        connection, ids=list(severities), severities=[int(severity) for severity in severities.values()]
    )


async def take_in(
    connection: Connection, payloads: Sequence[Request], taken: Sequence[StoredMessage], *, now: datetime
) -> None:
    """Store inbound messages, the raw payloads they were read from, and what they change; one for a conversation."""
    used = sorted({each.decided.arrival.payload for each in taken})
    place = {payload: order + 1 for order, payload in enumerate(used)}
    kept = [payloads[payload] for payload in used]
    rows = [_row(each, place[each.decided.arrival.payload]) for each in taken]
    await _QUERIES.take_in(connection, **_payload_columns(kept), messages=to_rows(rows), now=now)


def _row(taken: StoredMessage, payload: int) -> _Row:
    decided = taken.decided
    arrival, decision, opening = decided.arrival, decided.decision, decided.opening
    message, person = arrival.message, arrival.person
    return _Row(
        id=decided.known.message_id,
        contact_id=person.contact_id,
        conversation_id=person.conversation_id,
        channel=arrival.channel,
        endpoint_id=arrival.endpoint_id,
        address_id=person.address_id,
        provider_id=message.provider_id,
        kind=message.kind,
        author=message.sender.name or str(message.sender.address),
        text=message.text,
        full_text=message.full_text if message.full_text not in ("", message.text) else None,
        html=message.html or None,
        subject=message.subject or None,
        verification=message.verification,
        case_id=decided.case_id,
        reply_to_message_id=decided.known.reply_to_message_id,
        payload=payload,
        action=decision.action,
        rule=decision.rule,
        reason=decision.reason,
        article_key=decision.article_key,
        occurred_at=message.occurred_at,
        opens_number=opening.number if opening else None,
        opens_topic=opening.draft.topic if opening else None,
        opens_severity=opening.draft.severity if opening else None,
        opens_queue=opening.draft.queue if opening else None,
        opens_language=opening.draft.language if opening else None,
        opens_due_at=opening.draft.answer_due_at if opening else None,
        keeps_question=decision.keep_question,
        question=from_question(decision.question),
        automatic=taken.automatic_replies,
        acknowledged=any(reply.acknowledges for reply in decision.replies),
        language=decision.contact_language,
        last_message_id=taken.last_message_id,
        preview=taken.preview[:PREVIEW_LENGTH],
        preview_direction="outbound" if taken.preview_is_ours else "inbound",
    )


def _payload_columns(payloads: Sequence[Request]) -> dict[str, Sequence[object]]:
    return {
        "sources": [payload.source for payload in payloads],
        "targets": [storable(payload.target) for payload in payloads],
        "headers": [
            to_json({name: storable(value) for name, value in payload.headers.items()}) for payload in payloads
        ],
        "bodies": [payload.body for payload in payloads],
        "received_ats": [payload.received_at for payload in payloads],
    }


async def open_windows(connection: Connection, arrivals: Sequence[Arrival], *, now: datetime) -> None:
    """Note that these people wrote to these endpoints now, which opens WhatsApp's 24-hour window."""
    await _QUERIES.open_windows(
        connection,
        endpoint_ids=[arrival.endpoint_id for arrival in arrivals],
        address_ids=[arrival.person.address_id for arrival in arrivals],
        ats=[arrival.message.occurred_at or now for arrival in arrivals],
    )


async def insert_attachments(connection: Connection, decided: Sequence[Decided]) -> None:
    """Store the attachments of these messages: filed already, or waiting to be fetched from the provider."""
    rows = [(each, attachment) for each in decided for attachment in each.arrival.message.attachments]
    remotes = [
        to_json({"url": attachment.url, "media_id": attachment.media_id, "endpoint": each.arrival.message.endpoint})
        if attachment.url or attachment.media_id
        else None
        for each, attachment in rows
    ]
    filed = [
        attachment.sha256 is not None and remote is None for (_, attachment), remote in zip(rows, remotes, strict=True)
    ]
    await _QUERIES.insert_attachments(
        connection,
        message_ids=[each.known.message_id for each, _ in rows],
        contact_ids=[each.arrival.person.contact_id for each, _ in rows],
        filenames=[attachment.filename for _, attachment in rows],
        media_types=[attachment.media_type for _, attachment in rows],
        sizes=[attachment.size_bytes for _, attachment in rows],
        sha256s=[attachment.sha256 for _, attachment in rows],
        content_ids=[attachment.content_id for _, attachment in rows],
        remotes=remotes,
        states=[
            "stored" if is_filed else "waiting" if remote else "failed"
            for is_filed, remote in zip(filed, remotes, strict=True)
        ],
        reasons=[
            None if is_filed or remote else "the file store was away; the raw message holds the file"
            for is_filed, remote in zip(filed, remotes, strict=True)
        ],
    )


async def insert_survey_answers(connection: Connection, decided: Sequence[Decided]) -> None:
    """Store the survey answers these decisions found."""
    answers = [(each, each.decision.survey_answer) for each in decided if each.decision.survey_answer]
    await _QUERIES.insert_survey_answers(
        connection,
        contact_ids=[each.arrival.person.contact_id for each, _ in answers],
        conversation_ids=[each.arrival.person.conversation_id for each, _ in answers],
        message_ids=[each.known.message_id for each, _ in answers],
        subjects=[answer.subject for _, answer in answers],
        scores=[answer.score for _, answer in answers],
        words=[answer.words for _, answer in answers],
    )


async def keep_raw(connection: Connection, payloads: Sequence[Request], problems: Sequence[str]) -> None:
    """Keep payloads of which nothing, or not everything, could be made, with what is wrong, for operations."""
    await _QUERIES.keep_raw(
        connection, **_payload_columns(payloads), problems=[storable(problem) for problem in problems]
    )
