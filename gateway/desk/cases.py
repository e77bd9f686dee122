"""What people do with cases: list them, take them over, hand them on, resolve and reopen them."""

from gateway.access import store as agent_store
from gateway.desk.cards import CaseCard
from gateway.desk.store import cases as store
from gateway.desk.store import conversations
from gateway.domain.agents import Agent
from gateway.domain.cases import CaseDraft, CaseStatus
from gateway.domain.errors import NotFound
from gateway.domain.paging import Page, Place, cut, place_of
from gateway.intake.store import reference
from gateway.redis.notifier import Notifier
from gateway.store.db import Connection, Pool

_CHANGE = "case"


def actor(agent: Agent) -> str:
    """Name an agent in histories and as an author."""
    return f"agent:{agent.agent_id}"


async def list_cases(pool: Pool, *, status: CaseStatus | None, cursor: str | None, limit: int) -> Page[CaseCard]:
    """List cases, newest first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    async with pool.acquire() as connection:
        found = await store.page(connection, status=status, place=place_of(cursor), count=limit + 1)
    items, last = cut(found, limit)
    return Page(items=items, next=Place(at=last.opened_at, id=last.case_id).cursor() if last else None)


async def get_case(pool: Pool, case_id: int) -> CaseCard:
    """Find a case.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection:
        return await _case(connection, case_id)


async def take(pool: Pool, notifier: Notifier, *, conversation_id: int, agent: Agent) -> int:
    """Take a conversation over, with its open case or a new one, so that the bot steps aside; gives the case's id.

    Raises:
        NotFound: there is no such conversation.
    """
    async with pool.acquire() as connection, connection.transaction():
        merged_ids = await conversations.merged_ids(connection, conversation_id)
        if not merged_ids:
            raise NotFound(f"there is no conversation {conversation_id}")
        case_id = await speak_in_person(connection, merged_ids, agent, answered=False)
        await store.assign(connection, case_id, agent.agent_id)
        await store.happened(connection, case_id, actor=actor(agent), what="taken")
    await notifier.announce([merged_ids[0]], _CHANGE)
    return case_id


async def speak_in_person(connection: Connection, merged_ids: tuple[int, ...], agent: Agent, *, answered: bool) -> int:
    """Note, within the caller's transaction, that a person speaks in this thread from now on; gives the case's id.

    Without an open case one is opened, for the bot is silent only while a person has a case.
    """
    conversation = await conversations.lock(connection, merged_ids[0])
    case_id = await store.open_of(connection, merged_ids)
    if case_id is None:
        newest = await store.newest_of(connection, merged_ids)
        draft = newest or CaseDraft(topic="other", queue=(await reference.load_policy(connection)).queues[0].name)
        case_id = await store.open_case(connection, conversation, draft)
        await store.happened(connection, case_id, actor=actor(agent), what="opened")
    await store.person_spoke(connection, case_id, agent_id=agent.agent_id, answered=answered)
    return case_id


async def update(
    pool: Pool,
    notifier: Notifier,
    *,
    case_id: int,
    by: str,
    status: CaseStatus | None = None,
    assignee: str | None = None,
    unassign: bool = False,
) -> CaseCard:
    """Change where a case stands, who has it, or both; `assignee` is an agent's email.

    Raises:
        NotFound: there is no such case, or no such agent.
    """
    async with pool.acquire() as connection, connection.transaction():
        case = await _case(connection, case_id)
        merged_ids = await conversations.merged_ids(connection, case.conversation_id)
        await conversations.lock(connection, merged_ids[0])
        if unassign or assignee is not None:
            await _assign(connection, case, assignee, by)
        if status is not None and status is not case.status:
            await store.set_status(connection, case_id, status, conversation_id=merged_ids[0])
            await store.happened(connection, case_id, actor=by, what=status)
        changed = await _case(connection, case_id)
    await notifier.announce([merged_ids[0]], _CHANGE)
    return changed


async def settle(pool: Pool, notifier: Notifier, *, conversation_id: int, agent: Agent, status: CaseStatus) -> None:
    """Resolve the open case of a thread, or open its newest again; nothing happens when there is none to change.

    Raises:
        NotFound: there is no such conversation.
    """
    async with pool.acquire() as connection:
        merged_ids = await conversations.merged_ids(connection, conversation_id)
        if not merged_ids:
            raise NotFound(f"there is no conversation {conversation_id}")
        cases = await store.page(connection, conversation_ids=merged_ids)
    is_open = status is not CaseStatus.RESOLVED
    case = next((each for each in cases if (each.status is CaseStatus.RESOLVED) is is_open), None)
    if case is not None:
        await update(pool, notifier, case_id=case.case_id, by=actor(agent), status=status)


async def _assign(connection: Connection, case: CaseCard, assignee: str | None, by: str) -> None:
    agent_id = None
    if assignee is not None:
        known = await agent_store.credentials(connection, assignee.strip().lower())
        if known is None or not known.is_active:
            raise NotFound(f"there is no agent with the email {assignee}")
        agent_id = known.agent.agent_id
    await store.assign(connection, case.case_id, agent_id)
    await store.happened(connection, case.case_id, actor=by, what="assigned", details={"assignee": assignee or ""})


async def _case(connection: Connection, case_id: int) -> CaseCard:
    case = await store.one(connection, case_id)
    if case is None:
        raise NotFound(f"there is no case {case_id}")
    return case
