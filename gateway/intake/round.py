"""One turn of a batch, at most one message of each conversation: what is known, what is decided, all of it written."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from channels.contract import Request
from gateway.domain.cases import public_number
from gateway.domain.channel import Channel
from gateway.domain.decision import Reason
from gateway.domain.language import Language
from gateway.domain.messages import Verification, storable
from gateway.domain.outbox import OutgoingDraft
from gateway.intake import replies, unverified_reply_limit
from gateway.intake.arrival import Arrival, CaseOpening, Decided, Known, StoredMessage
from gateway.intake.reference import Reference
from gateway.intake.store import messages as store
from gateway.outbox.store import outgoing
from gateway.people.store import consent
from gateway.people.store.consent import ConsentEntry
from gateway.store.db import Connection
from gateway.wording import Wording
from routing.decide import decide


class DecisionContext(Struct, frozen=True, kw_only=True):
    """What deciding a batch needs besides the database."""

    reference: Reference
    wording: Wording
    default_language: Language
    now: Callable[[], datetime]


async def decide_round(
    connection: Connection,
    payloads: Sequence[Request],
    arrivals: Sequence[Arrival],
    context: DecisionContext,
    before_writing: Callable[[], Awaitable[None]],
) -> tuple[list[Decided], bool]:
    """Decide these messages and write what was decided; gives those that were new, and whether replies are owed.

    No two may belong to one conversation, and their conversations are locked. `before_writing` is waited for when
    nothing is left to lock.
    """
    now = context.now()
    known, version = await store.load_facts(connection, arrivals, now=now, default_language=context.default_language)
    await context.reference.refresh(connection, version)
    fresh = [
        _decide(arrival, facts, context) for arrival, facts in zip(arrivals, known, strict=True) if not facts.is_repeat
    ]
    if not fresh:
        return [], False
    decided = await _within_budget(connection, fresh)
    decided = await _with_cases(connection, decided)
    drafts = [draft for each in decided for draft in replies.drafts(each, context.wording)]
    await before_writing()
    reply_ids = await outgoing.insert(connection, drafts)
    replied = _by_cause(drafts, reply_ids)
    taken = [_taken(each, replied.get(each.known.message_id, ())) for each in decided]
    await store.take_in(connection, payloads, taken, now=now)
    await _write_effects(connection, decided, now)
    return decided, bool(drafts)


def _decide(arrival: Arrival, known: Known, context: DecisionContext) -> Decided:
    decision = decide(arrival.message, known.facts, context.reference.policy, context.reference.knowledge)
    return Decided(arrival=arrival, known=known, decision=decision)


async def _within_budget(connection: Connection, decided: list[Decided]) -> list[Decided]:
    """Keep silent towards senders nobody vouches for, once all of them together have caused enough replies."""
    asking = [
        index
        for index, each in enumerate(decided)
        if each.decision.replies and each.arrival.message.verification is not Verification.ALIGNED
    ]
    arrivals = [decided[index].arrival for index in asking]
    granted = await unverified_reply_limit.spend(
        connection,
        [(each.endpoint_id, storable(each.message.sender.address.value.rpartition("@")[2])) for each in arrivals],
    )
    for index, is_granted in zip(asking, granted, strict=True):
        if not is_granted:
            silent = replace(decided[index].decision, replies=(), reason=Reason(code="unverified_budget_spent"))
            decided[index] = replace(decided[index], decision=silent)
    return decided


async def _with_cases(connection: Connection, decided: Sequence[Decided]) -> list[Decided]:
    """Give every message the case it belongs to: the open one of its conversation, or the one its decision opens."""
    opening = sum(each.decision.case is not None and _open_case_id(each) is None for each in decided)
    ids = iter(await store.new_case_ids(connection, opening) if opening else ())
    joined = []
    for each in decided:
        if case_id := _open_case_id(each):
            joined.append(replace(each, case_id=case_id))
        elif draft := each.decision.case:
            case_id = next(ids)
            opened = CaseOpening(case_id=case_id, number=public_number(case_id), draft=draft)
            joined.append(replace(each, case_id=case_id, opening=opened))
        else:
            joined.append(each)
    return joined


def _open_case_id(decided: Decided) -> int | None:
    newest = decided.known.facts.newest_case
    return newest.case_id if newest and newest.is_open else None


async def _write_effects(connection: Connection, decided: Sequence[Decided], now: datetime) -> None:
    entries = [
        ConsentEntry(
            address_id=each.arrival.person.address_id,
            change=each.decision.consent,
            message_id=each.known.message_id,
        )
        for each in decided
        if each.decision.consent
    ]
    await consent.change_consent(connection, entries)
    if any(each.decision.survey_answer for each in decided):
        await store.insert_survey_answers(connection, decided)
    if any(each.arrival.message.attachments for each in decided):
        await store.insert_attachments(connection, decided)
    urgent = {
        each.case_id: each.decision.case.severity
        for each in decided
        if each.decision.case and each.case_id and not each.opening
    }
    if urgent:
        await store.raise_cases(connection, urgent)
    on_whatsapp = [each.arrival for each in decided if each.arrival.channel is Channel.WHATSAPP]
    if on_whatsapp:
        await store.open_windows(connection, on_whatsapp, now=now)


def _by_cause(
    drafts: Sequence[OutgoingDraft], ids: Sequence[int | None]
) -> dict[int | None, list[tuple[OutgoingDraft, int]]]:
    """Sort the replies that were stored by the message they answer."""
    sent: defaultdict[int | None, list[tuple[OutgoingDraft, int]]] = defaultdict(list)
    for draft, message_id in zip(drafts, ids, strict=True):
        if message_id is not None:
            sent[draft.cause_message_id].append((draft, message_id))
    return sent


def _taken(decided: Decided, replied: Sequence[tuple[OutgoingDraft, int]]) -> StoredMessage:
    draft, last_message_id = replied[-1] if replied else (None, decided.known.message_id)
    return StoredMessage(
        decided=decided,
        last_message_id=last_message_id,
        preview=draft.text if draft else decided.arrival.message.text,
        preview_is_ours=draft is not None,
        automatic_replies=len(replied),
    )
