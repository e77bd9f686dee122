"""One batch of what came in, within one transaction: who it is, what is known, what is decided, all of it written."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from channels.contract import Request
from gateway.domain.arrival import Arrival, CaseOpening, ConversationChange, Decided, Known, RawPayload
from gateway.domain.case import public_number
from gateway.domain.channel import Channel
from gateway.domain.consent import ConsentChange, ConsentState, Purpose
from gateway.domain.decision import Reason
from gateway.domain.event import (
    BounceReport,
    ConsentSignal,
    ConsentWish,
    Event,
    InboundMessage,
    NumberChange,
    StatusUpdate,
    UnknownEvent,
    Verification,
)
from gateway.domain.language import Language
from gateway.domain.outbound import OutgoingDraft
from gateway.domain.text import storable_message
from gateway.store import consent, outgoing
from gateway.store import intake as store
from gateway.store import reference as reference_store
from gateway.store.consent import ConsentEntry
from gateway.store.db import Connection
from gateway.usecases import replies
from gateway.usecases.identity import follow_number
from gateway.usecases.reference import Reference
from gateway.usecases.senders import identify
from gateway.usecases.statuses import apply_statuses
from gateway.usecases.stranger_budget import StrangerBudget
from gateway.wording import Wording
from routing.decide import decide

_WISHES = {
    ConsentWish.STOP: (ConsentState.OPTED_OUT, Purpose.ANY),
    ConsentWish.START: (ConsentState.OPTED_IN, Purpose.ANY),
    ConsentWish.STOP_MARKETING: (ConsentState.OPTED_OUT, Purpose.MARKETING),
    ConsentWish.START_MARKETING: (ConsentState.OPTED_IN, Purpose.MARKETING),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """One payload that came in, and the events read from it."""

    payload: RawPayload
    events: tuple[Event, ...]

    @classmethod
    def of(cls, request: Request, events: Sequence[Event], source: str) -> "Submission":
        """Make a submission of a request as the edge received it."""
        payload = RawPayload(
            source=source,
            target=request.target,
            headers=request.headers,
            body=request.body,
            received_at=request.received_at,
        )
        return cls(payload=payload, events=tuple(events))


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What deciding a batch needs besides the database."""

    reference: Reference
    wording: Wording
    default_language: Language
    now: Callable[[], datetime]
    unverified_replies: StrangerBudget = field(default_factory=StrangerBudget)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a batch did: whose threads changed, whether the senders have work, and what was decided, by action."""

    conversation_ids: frozenset[int] = frozenset()
    owes_sends: bool = False
    wants_media: bool = False
    actions: tuple[str, ...] = ()


class MergedMeanwhile(Exception):
    """A sender's conversation was merged into another between finding it and locking it."""


async def process(connection: Connection, submissions: Sequence[Submission], tools: Tools) -> Outcome:
    """Take in a batch: store every message once, decide it, and write what was decided.

    Raises:
        MergedMeanwhile: run the same batch again in a new transaction.
        asyncpg.PostgresError, OSError: nothing of the batch is stored.
    """
    version = await reference_store.knowledge_version(connection)
    await tools.reference.refresh(connection, version)
    sorted_events = _sort(submissions, tools.reference)
    decided, owes = await _take_messages(connection, submissions, sorted_events.messages, tools)
    await _take_signals(connection, sorted_events.signals)
    for change in sorted_events.number_changes:
        await follow_number(connection, change.old, change.new)
    touched = await apply_statuses(
        connection,
        sorted_events.statuses,
        endpoint_ids=tools.reference.endpoint_ids,
        raw_ids=[None] * len(sorted_events.statuses),
    )
    if sorted_events.problems:
        payloads = [submissions[index].payload for index, _ in sorted_events.problems]
        await store.keep_raw(connection, payloads, [problem for _, problem in sorted_events.problems])
    return Outcome(
        conversation_ids=frozenset(touched) | {each.arrival.person.conversation_id for each in decided},
        owes_sends=owes,
        wants_media=any(each.arrival.message.attachments for each in decided),
        actions=tuple(each.decision.action for each in decided),
    )


@dataclass(frozen=True, slots=True)
class _Sorted:
    messages: list[tuple[int, InboundMessage]] = field(default_factory=list)
    signals: list[ConsentSignal] = field(default_factory=list)
    number_changes: list[NumberChange] = field(default_factory=list)
    statuses: list[StatusUpdate | BounceReport] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def _sort(submissions: Sequence[Submission], reference: Reference) -> _Sorted:
    found = _Sorted()
    seen: set[tuple[str, str]] = set()
    for index, submission in enumerate(submissions):
        for event in submission.events:
            match event:
                case UnknownEvent():
                    found.problems.append((index, event.reason))
                case _ if event.endpoint not in reference.endpoint_ids:
                    found.problems.append((index, f"no endpoint of ours is {event.endpoint!r}"))
                case InboundMessage() if (event.endpoint, event.provider_id) not in seen:
                    seen.add((event.endpoint, event.provider_id))
                    found.messages.append((index, storable_message(event)))
                case StatusUpdate() | BounceReport():
                    found.statuses.append(event)
                case ConsentSignal():
                    found.signals.append(event)
                case NumberChange():
                    found.number_changes.append(event)
    return found


async def _take_messages(
    connection: Connection,
    submissions: Sequence[Submission],
    messages: Sequence[tuple[int, InboundMessage]],
    tools: Tools,
) -> tuple[list[Decided], bool]:
    if not messages:
        return [], False
    people = await identify(connection, [message for _, message in messages])
    arrivals = [
        Arrival(
            message=message,
            person=person,
            endpoint_id=tools.reference.endpoint_ids[message.endpoint],
            channel=tools.reference.channels[message.endpoint],
            payload=index,
        )
        for (index, message), person in zip(messages, people, strict=True)
    ]
    if not await store.lock_conversations(connection, [person.conversation_id for person in people]):
        raise MergedMeanwhile
    decided: list[Decided] = []
    owes = False
    for turn in _turns(arrivals):
        done, sends = await _take_turn(connection, submissions, turn, tools)
        decided += done
        owes = owes or sends
    return decided, owes


def _turns(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """Split arrivals so that no conversation has two in one turn: each message is decided knowing the one before."""
    waiting: defaultdict[int, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        waiting[arrival.person.conversation_id].append(arrival)
    for turn in range(max(map(len, waiting.values()))):
        yield [queue[turn] for queue in waiting.values() if turn < len(queue)]


async def _take_turn(
    connection: Connection, submissions: Sequence[Submission], arrivals: Sequence[Arrival], tools: Tools
) -> tuple[list[Decided], bool]:
    now = tools.now()
    known = await store.load_facts(connection, arrivals, now=now, default_language=tools.default_language)
    decided = [
        _decide(arrival, facts, tools) for arrival, facts in zip(arrivals, known, strict=True) if not facts.is_repeat
    ]
    if not decided:
        return [], False
    decided, numbers = await _with_cases(connection, decided)
    await store.insert_messages(connection, [submission.payload for submission in submissions], decided)
    drafts = [
        draft
        for each in decided
        for draft in replies.drafts(each, tools.wording, case_number=numbers.get(each.case_id or 0))
    ]
    reply_ids = await outgoing.insert(connection, drafts)
    await _write_effects(connection, decided, now)
    changes = [_change(each, drafts, reply_ids) for each in decided]
    await store.update_conversations(connection, changes, now=now)
    return decided, bool(drafts)


def _decide(arrival: Arrival, known: Known, tools: Tools) -> Decided:
    decision = decide(arrival.message, known.facts, tools.reference.policy, tools.reference.knowledge)
    is_unverified = arrival.message.verification is not Verification.ALIGNED
    if is_unverified and decision.replies and not tools.unverified_replies.spend(arrival.message.endpoint):
        decision = replace(decision, replies=(), reason=Reason(code="unverified_budget_spent"))
    return Decided(arrival=arrival, known=known, decision=decision)


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


def _change(decided: Decided, drafts: Sequence[OutgoingDraft], reply_ids: Sequence[int | None]) -> ConversationChange:
    decision = decided.decision
    own = [
        (draft, reply_id)
        for draft, reply_id in zip(drafts, reply_ids, strict=True)
        if draft.because_of == decided.known.message_id and reply_id is not None
    ]
    opened = decided.case_id if decision.case and decided.case_id != _open_case_id(decided) else None
    return ConversationChange(
        arrival=decided.arrival,
        last_message_id=own[-1][1] if own else decided.known.message_id,
        preview=own[-1][0].text if own else decided.arrival.message.text,
        preview_is_ours=bool(own),
        question=decision.question,
        keeps_question=decision.keep_question,
        automatic_replies=len(own),
        acknowledged=any(reply.acknowledges for reply in decision.replies),
        case_id=opened,
        language=decision.contact_language,
    )


async def _take_signals(connection: Connection, signals: Sequence[ConsentSignal]) -> None:
    if not signals:
        return
    people = await identify(connection, signals)
    entries = []
    for signal, person in zip(signals, people, strict=True):
        state, purpose = _WISHES[signal.wish]
        change = ConsentChange(state=state, purpose=purpose, how=f"told by the provider: {signal.wish}")
        entries.append(ConsentEntry(address_id=person.address_id, change=change))
    await consent.change_consent(connection, entries)
