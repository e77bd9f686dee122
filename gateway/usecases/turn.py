"""One turn of a batch, at most one message of each conversation: what is known, what is decided, all of it written."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.domain.arrival import Arrival, CaseOpening, ConversationChange, Decided, Known, RawPayload
from gateway.domain.case import public_number
from gateway.domain.channel import Channel
from gateway.domain.decision import Reason
from gateway.domain.event import Verification
from gateway.domain.language import Language
from gateway.domain.outbound import OutgoingDraft
from gateway.domain.text import storable
from gateway.store import consent, outgoing
from gateway.store import intake as store
from gateway.store.consent import ConsentEntry
from gateway.store.db import Connection
from gateway.usecases import replies, stranger_budget
from gateway.usecases.reference import Reference
from gateway.wording import Wording
from routing.decide import decide


class Tools(Struct, frozen=True, kw_only=True):
    """What deciding a batch needs besides the database."""

    reference: Reference
    wording: Wording
    default_language: Language
    now: Callable[[], datetime]


async def take_turn(
    connection: Connection, payloads: Sequence[RawPayload], arrivals: Sequence[Arrival], tools: Tools
) -> tuple[list[Decided], bool]:
    """Decide these messages and write what was decided; gives those that were new, and whether replies are owed.

    No two may belong to one conversation, and their conversations are locked.
    """
    now = tools.now()
    known, version = await store.load_facts(connection, arrivals, now=now, default_language=tools.default_language)
    await tools.reference.refresh(connection, version)
    fresh = [
        _decide(arrival, facts, tools) for arrival, facts in zip(arrivals, known, strict=True) if not facts.is_repeat
    ]
    if not fresh:
        return [], False
    decided = await _within_budget(connection, fresh)
    decided, numbers = await _with_cases(connection, decided)
    await store.insert_messages(connection, payloads, decided)
    drafts = [
        draft
        for each in decided
        for draft in replies.drafts(each, tools.wording, case_number=numbers.get(each.case_id or 0))
    ]
    reply_ids = await outgoing.insert(connection, drafts)
    await _write_effects(connection, decided, now)
    sent = _by_cause(drafts, reply_ids)
    changes = [_change(each, sent.get(each.known.message_id, [])) for each in decided]
    await store.update_conversations(connection, changes, now=now)
    return decided, bool(drafts)


def _decide(arrival: Arrival, known: Known, tools: Tools) -> Decided:
    decision = decide(arrival.message, known.facts, tools.reference.policy, tools.reference.knowledge)
    return Decided(arrival=arrival, known=known, decision=decision)


async def _within_budget(connection: Connection, decided: list[Decided]) -> list[Decided]:
    """Keep silent towards senders nobody vouches for, once all of them together have caused enough replies."""
    asking = [
        index
        for index, each in enumerate(decided)
        if each.decision.replies and each.arrival.message.verification is not Verification.ALIGNED
    ]
    arrivals = [decided[index].arrival for index in asking]
    granted = await stranger_budget.spend(
        connection,
        [(each.endpoint_id, storable(each.message.sender.address.value.rpartition("@")[2])) for each in arrivals],
    )
    for index, is_granted in zip(asking, granted, strict=True):
        if not is_granted:
            silent = replace(decided[index].decision, replies=(), reason=Reason(code="unverified_budget_spent"))
            decided[index] = replace(decided[index], decision=silent)
    return decided


async def _with_cases(connection: Connection, decided: Sequence[Decided]) -> tuple[list[Decided], dict[int, str]]:
    """Open the cases that decisions ask for, and give every message the case it belongs to, with the cases' numbers."""
    fresh = [each for each in decided if each.decision.case and not _open_case_id(each)]
    ids = await store.new_case_ids(connection, len(fresh)) if fresh else []
    openings = [
        CaseOpening(case_id=case_id, number=public_number(case_id), arrival=each.arrival, draft=each.decision.case)
        for case_id, each in zip(ids, fresh, strict=True)
        if each.decision.case
    ]
    if openings:
        await store.open_cases(connection, openings)
    opened = {opening.arrival.person.conversation_id: opening.case_id for opening in openings}
    numbers = {opening.case_id: opening.number for opening in openings}
    joined = []
    for each in decided:
        case_id = _open_case_id(each) or opened.get(each.arrival.person.conversation_id)
        if case_id and (newest := each.known.facts.newest_case) and newest.case_id == case_id:
            numbers[case_id] = newest.number
        joined.append(replace(each, case_id=case_id))
    return joined, numbers


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
        if each.decision.case and each.case_id and each.case_id == _open_case_id(each)
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
            sent[draft.because_of].append((draft, message_id))
    return sent


def _change(decided: Decided, replied: Sequence[tuple[OutgoingDraft, int]]) -> ConversationChange:
    decision = decided.decision
    opened = decided.case_id if decision.case and decided.case_id != _open_case_id(decided) else None
    return ConversationChange(
        arrival=decided.arrival,
        last_message_id=replied[-1][1] if replied else decided.known.message_id,
        preview=replied[-1][0].text if replied else decided.arrival.message.text,
        preview_is_ours=bool(replied),
        question=decision.question,
        keeps_question=decision.keep_question,
        automatic_replies=len(replied),
        acknowledged=any(reply.acknowledges for reply in decision.replies),
        case_id=opened,
        language=decision.contact_language,
    )
