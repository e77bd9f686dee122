"""The statements of intake: finding and creating senders, locking, loading facts, and storing what came in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from gateway.domain.arrival import (
    AddressKey,
    Arrival,
    CaseOpening,
    ConversationChange,
    Decided,
    Known,
    NewAddress,
    Person,
    RawPayload,
)
from gateway.domain.case import CaseFacts, CaseStatus, Severity
from gateway.domain.consent import Purpose
from gateway.domain.facts import Facts
from gateway.domain.language import Language
from gateway.domain.text import storable
from gateway.store.db import Connection, statements, to_json
from gateway.store.documents import from_question, to_question

PREVIEW_LENGTH = 160
_TEN_MINUTES = 600
_ONE_DAY = 86_400


async def find_people(connection: Connection, keys: Sequence[AddressKey]) -> dict[AddressKey, Person]:
    """Give the people behind the known ones among these addresses."""
    found: dict[AddressKey, Person] = {}
    async for row in statements("intake").find_addresses(
        connection, uris=[key.uri for key in keys], provens=[key.proven for key in keys]
    ):
        found[keys[row["ord"]]] = Person(
            address_id=row["address_id"],
            contact_id=row["contact_id"],
            conversation_id=row["conversation_id"],
            name=row["name"],
        )
    return found


async def create_people(connection: Connection, addresses: Sequence[NewAddress]) -> None:
    """Add these addresses, each to its contact or to a new contact and conversation; known ones stay as they are."""
    await statements("intake").create_people(
        connection,
        uris=[address.key.uri for address in addresses],
        provens=[address.key.proven for address in addresses],
        contact_ids=[address.contact_id for address in addresses],
        names=[address.name for address in addresses],
        languages=[address.language for address in addresses],
    )


async def name_contacts(connection: Connection, names: Mapping[int, str]) -> None:
    """Give these contacts a name, where they have none."""
    await statements("intake").name_contacts(connection, contact_ids=list(names), names=list(names.values()))


async def lock_conversations(connection: Connection, conversation_ids: Sequence[int]) -> bool:
    """Lock conversations for this transaction, in id order; False when one was merged away or erased meanwhile."""
    wanted = sorted(set(conversation_ids))
    rows = statements("intake").lock_conversations(connection, conversation_ids=wanted)
    merged = [row["merged_into"] async for row in rows]
    return len(merged) == len(wanted) and all(into is None for into in merged)


async def load_facts(
    connection: Connection, arrivals: Sequence[Arrival], *, now: datetime, default_language: Language
) -> list[Known]:
    """Load everything routing may know about these messages, in their order; their conversations are locked."""
    rows = statements("intake").load_facts(
        connection,
        conversation_ids=[arrival.person.conversation_id for arrival in arrivals],
        address_ids=[arrival.person.address_id for arrival in arrivals],
        endpoint_ids=[arrival.endpoint_id for arrival in arrivals],
        provider_ids=[arrival.message.provider_id for arrival in arrivals],
        contexts=["\x1f".join(arrival.message.context.provider_ids) for arrival in arrivals],
    )
    return [_known(row, now, default_language) async for row in rows]


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
    return Known(message_id=row["message_id"], is_repeat=row["seen"], facts=facts, answers_id=row["answers_id"])


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
    return [row["id"] async for row in statements("intake").new_case_ids(connection, count=count)]


async def open_cases(connection: Connection, openings: Sequence[CaseOpening]) -> None:
    """Open these cases and enter that in their history."""
    await statements("intake").open_cases(
        connection,
        ids=[opening.case_id for opening in openings],
        numbers=[opening.number for opening in openings],
        contact_ids=[opening.arrival.person.contact_id for opening in openings],
        conversation_ids=[opening.arrival.person.conversation_id for opening in openings],
        topics=[opening.draft.topic for opening in openings],
        severities=[int(opening.draft.severity) for opening in openings],
        queues=[opening.draft.queue for opening in openings],
        languages=[opening.draft.language for opening in openings],
        due_ats=[opening.draft.answer_due_at for opening in openings],
    )


async def raise_cases(connection: Connection, severities: Mapping[int, Severity]) -> None:
    """Make these cases at least this urgent."""
    await statements("intake").raise_cases(
        connection, ids=list(severities), severities=[int(severity) for severity in severities.values()]
    )


async def insert_messages(connection: Connection, payloads: Sequence[RawPayload], decided: Sequence[Decided]) -> None:
    """Store inbound messages with their decisions, and the raw payloads they were read from."""
    used = sorted({each.arrival.payload for each in decided})
    place = {payload: order + 1 for order, payload in enumerate(used)}
    kept = [payloads[payload] for payload in used]
    messages = [each.arrival.message for each in decided]
    await statements("intake").insert_messages(
        connection,
        **_payload_columns(kept),
        ids=[each.known.message_id for each in decided],
        contact_ids=[each.arrival.person.contact_id for each in decided],
        conversation_ids=[each.arrival.person.conversation_id for each in decided],
        channels=[each.arrival.channel for each in decided],
        endpoint_ids=[each.arrival.endpoint_id for each in decided],
        address_ids=[each.arrival.person.address_id for each in decided],
        provider_ids=[message.provider_id for message in messages],
        kinds=[message.kind for message in messages],
        authors=[message.sender.name or str(message.sender.address) for message in messages],
        texts=[message.text for message in messages],
        full_texts=[message.full_text if message.full_text not in ("", message.text) else None for message in messages],
        htmls=[message.html or None for message in messages],
        subjects=[message.subject or None for message in messages],
        verifications=[message.verification for message in messages],
        case_ids=[each.case_id for each in decided],
        answers_ids=[each.known.answers_id for each in decided],
        payloads=[place[each.arrival.payload] for each in decided],
        actions=[each.decision.action for each in decided],
        rules=[each.decision.rule for each in decided],
        reasons=[_reason(each) for each in decided],
        article_keys=[each.decision.article_key for each in decided],
        occurred_ats=[message.occurred_at for message in messages],
    )


def _payload_columns(payloads: Sequence[RawPayload]) -> dict[str, Sequence[object]]:
    return {
        "sources": [payload.source for payload in payloads],
        "targets": [storable(payload.target) for payload in payloads],
        "headers": [
            to_json({name: storable(value) for name, value in payload.headers.items()}) for payload in payloads
        ],
        "bodies": [payload.body for payload in payloads],
        "received_ats": [payload.received_at for payload in payloads],
    }


def _reason(decided: Decided) -> str:
    reason = decided.decision.reason
    return to_json({"code": reason.code, "details": dict(reason.details)})


async def update_conversations(connection: Connection, changes: Sequence[ConversationChange], *, now: datetime) -> None:
    """Carry each message and its decision into its conversation; at most one change a conversation."""
    await statements("intake").update_conversations(
        connection,
        now=now,
        ids=[change.arrival.person.conversation_id for change in changes],
        keeps_questions=[change.keeps_question for change in changes],
        questions=[to_json(from_question(change.question)) if change.question else None for change in changes],
        automatics=[change.automatic_replies for change in changes],
        acknowledgeds=[change.acknowledged for change in changes],
        case_ids=[change.case_id for change in changes],
        languages=[change.language for change in changes],
        last_message_ids=[change.last_message_id for change in changes],
        channels=[change.arrival.channel for change in changes],
        endpoint_ids=[change.arrival.endpoint_id for change in changes],
        address_ids=[change.arrival.person.address_id for change in changes],
        previews=[change.preview[:PREVIEW_LENGTH] for change in changes],
        preview_directions=["outbound" if change.preview_is_ours else "inbound" for change in changes],
    )


async def open_windows(connection: Connection, arrivals: Sequence[Arrival], *, now: datetime) -> None:
    """Note that these people wrote to these endpoints now, which opens WhatsApp's 24-hour window."""
    await statements("intake").open_windows(
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
    await statements("intake").insert_attachments(
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
    await statements("intake").insert_survey_answers(
        connection,
        contact_ids=[each.arrival.person.contact_id for each, _ in answers],
        conversation_ids=[each.arrival.person.conversation_id for each, _ in answers],
        message_ids=[each.known.message_id for each, _ in answers],
        subjects=[answer.subject for _, answer in answers],
        scores=[answer.score for _, answer in answers],
        words=[answer.words for _, answer in answers],
    )


async def keep_raw(connection: Connection, payloads: Sequence[RawPayload], problems: Sequence[str]) -> None:
    """Keep payloads of which nothing, or not everything, could be made, with what is wrong, for operations."""
    await statements("intake").keep_raw(
        connection, **_payload_columns(payloads), problems=[storable(problem) for problem in problems]
    )
