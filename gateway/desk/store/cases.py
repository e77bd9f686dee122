"""Cases: lists, and the changes people make to them. Routing opens cases through `intake.store.messages`."""

from collections.abc import Mapping, Sequence

import asyncpg

from gateway.desk.cards import CaseCard
from gateway.desk.store.conversations import Locked
from gateway.domain.cases import CaseDraft, CaseStatus, Severity, public_number
from gateway.domain.paging import Place
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


async def page(
    connection: Connection,
    *,
    status: CaseStatus | None = None,
    conversation_ids: Sequence[int] | None = None,
    place: Place | None = None,
    count: int = 50,
) -> Sequence[CaseCard]:
    """List cases, newest first."""
    place = place or Place()
    rows = _QUERIES.page(
        connection,
        status=status,
        conversation_ids=None if conversation_ids is None else list(conversation_ids),
        before_at=place.at,
        before_id=place.id,
        count=count,
    )
    return [_card(row) async for row in rows]


async def one(connection: Connection, case_id: int) -> CaseCard | None:
    """Find a case."""
    row = await _QUERIES.one(connection, case_id=case_id)
    return None if row is None else _card(row)


async def open_of(connection: Connection, conversation_ids: Sequence[int]) -> int | None:
    """Name the newest case of a thread that is not resolved."""
    row = await _QUERIES.open_of(connection, conversation_ids=list(conversation_ids))
    return None if row is None else row["id"]


async def newest_of(connection: Connection, conversation_ids: Sequence[int]) -> CaseDraft | None:
    """Say what the newest case of a thread was about."""
    row = await _QUERIES.newest_of(connection, conversation_ids=list(conversation_ids))
    if row is None:
        return None
    return CaseDraft(topic=row["topic"], queue=row["queue"], severity=Severity(row["severity"]))


async def open_case(connection: Connection, conversation: Locked, draft: CaseDraft) -> int:
    """Open a case in a locked conversation and give its id."""
    case_id: int = await _QUERIES.new_id(connection)
    await _QUERIES.open(
        connection,
        case_id=case_id,
        number=public_number(case_id),
        contact_id=conversation.contact_id,
        conversation_id=conversation.conversation_id,
        topic=draft.topic,
        severity=int(draft.severity),
        queue=draft.queue,
        language=draft.language,
    )
    return case_id


async def person_spoke(connection: Connection, case_id: int, *, agent_id: int, answered: bool) -> None:
    """Note that a person took the case, or answered it: from now on the bot is silent."""
    await _QUERIES.person_spoke(connection, case_id=case_id, agent_id=agent_id, answered=answered)


async def assign(connection: Connection, case_id: int, agent_id: int | None) -> None:
    """Give a case to an agent, or back to its queue."""
    await _QUERIES.assign(connection, case_id=case_id, agent_id=agent_id)


async def set_status(connection: Connection, case_id: int, status: CaseStatus, *, conversation_id: int) -> None:
    """Change where a case of this conversation stands."""
    await _QUERIES.set_status(connection, case_id=case_id, status=status, conversation_id=conversation_id)


async def happened(
    connection: Connection, case_id: int, *, actor: str, what: str, details: Mapping[str, str] | None = None
) -> None:
    """Enter a step in the history of a case."""
    await _QUERIES.happened(connection, case_id=case_id, actor=actor, what=what, details=dict(details or {}))


def _card(row: asyncpg.Record) -> CaseCard:
    return CaseCard(
        case_id=row["id"],
        number=row["number"],
        conversation_id=row["conversation_id"],
        contact_name=row["contact_name"],
        topic=row["topic"],
        severity=Severity(row["severity"]),
        status=CaseStatus(row["status"]),
        queue=row["queue"],
        opened_at=row["opened_at"],
        assignee_id=row["assignee_id"],
        assignee=row["assignee"],
        assignee_name=row["assignee_name"],
        answer_due_at=row["answer_due_at"],
        answered_at=row["answered_at"],
        resolved_at=row["resolved_at"],
    )
