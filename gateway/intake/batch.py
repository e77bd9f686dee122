"""One batch of what came in, within one transaction: whose it is, then turn by turn what becomes of it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from gateway.domain.consent import ConsentChange, ConsentState, Purpose
from gateway.domain.messages import ConsentSignal, ConsentWish, InboundMessage
from gateway.intake.arrival import Arrival, Decided
from gateway.intake.inbound import InboundPayload, partition
from gateway.intake.pipeline import BatchSlot
from gateway.intake.round import DecisionContext, decide_round
from gateway.intake.store import messages as store
from gateway.outbox.statuses import apply_statuses
from gateway.people.merging import follow_number
from gateway.people.resolve import identify, resolve_and_lock
from gateway.people.store import consent
from gateway.people.store.consent import ConsentEntry
from gateway.store.db import Connection

_WISHES = {
    ConsentWish.STOP: (ConsentState.OPTED_OUT, Purpose.ANY),
    ConsentWish.START: (ConsentState.OPTED_IN, Purpose.ANY),
    ConsentWish.STOP_MARKETING: (ConsentState.OPTED_OUT, Purpose.MARKETING),
    ConsentWish.START_MARKETING: (ConsentState.OPTED_IN, Purpose.MARKETING),
}


class BatchResult(Struct, frozen=True, kw_only=True):
    """What a batch did: whose threads changed, whether the senders have work, and what was decided, by action.

    `stopped` names the contacts who opted out, by the place in the batch of the payload that said so.
    """

    conversation_ids: frozenset[int] = frozenset()
    owes_sends: bool = False
    stopped: Mapping[int, Sequence[int]] = field(default_factory=dict)
    actions: tuple[str, ...] = ()


async def process(
    connection: Connection, inbound: Sequence[InboundPayload], context: DecisionContext, slot: BatchSlot
) -> BatchResult:
    """Take in a batch: store every message once, decide it, and write what was decided.

    The locks of their conversations keep messages in order; what providers say of people's consent and numbers is put
    in order by commits alone, so a batch with such waits for the one before and holds up the next.

    Raises:
        MergedMeanwhile, PreviousFailed: run the same batch again in a new transaction.
        asyncpg.PostgresError, OSError: nothing of the batch is stored.
    """
    context.reference.must_be_loaded()
    found = partition(inbound, context.reference.endpoint_ids)
    begin_next = slot.decided
    if found.needs_commits:
        await slot.may_commit()
        begin_next = slot.may_write
    decided, owes = await _take_messages(connection, inbound, found.messages, context, slot, begin_next)
    await begin_next()
    for change in found.number_changes:  # locks conversations, which every batch does before it writes addresses
        await follow_number(connection, change.old, change.new)
    await _take_signals(connection, found.signals)
    touched = await apply_statuses(
        connection,
        found.statuses,
        endpoint_ids=context.reference.endpoint_ids,
        raw_ids=[None] * len(found.statuses),
    )
    if found.problems:
        payloads = [inbound[index].payload for index, _ in found.problems]
        await store.keep_raw(connection, payloads, [problem for _, problem in found.problems])
    return BatchResult(
        conversation_ids=frozenset(touched) | {each.arrival.person.conversation_id for each in decided},
        owes_sends=owes,
        stopped=_stopped(decided),
        actions=tuple(each.decision.action for each in decided),
    )


def _stopped(decided: Sequence[Decided]) -> dict[int, list[int]]:
    stopped: defaultdict[int, list[int]] = defaultdict(list)
    for each in decided:
        if each.decision.consent and each.decision.consent.state is ConsentState.OPTED_OUT:
            stopped[each.arrival.payload].append(each.arrival.person.contact_id)
    return stopped


async def _take_messages(
    connection: Connection,
    inbound: Sequence[InboundPayload],
    messages: Sequence[tuple[int, InboundMessage]],
    context: DecisionContext,
    slot: BatchSlot,
    begin_next: Callable[[], Awaitable[None]],
) -> tuple[list[Decided], bool]:
    if not messages:
        return [], False
    people = await resolve_and_lock(connection, [message for _, message in messages], slot.may_write)
    arrivals = [
        Arrival(
            message=message,
            person=person,
            endpoint_id=context.reference.endpoint_ids[message.endpoint],
            channel=context.reference.channels[message.endpoint],
            payload=index,
        )
        for (index, message), person in zip(messages, people, strict=True)
    ]
    payloads = [payload_in.payload for payload_in in inbound]
    decided: list[Decided] = []
    owes = False
    *earlier, last = _turns(arrivals)
    for turn in (*earlier, last):
        before_writing = begin_next if turn is last else slot.may_write
        done, sends = await decide_round(connection, payloads, turn, context, before_writing)
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


async def _take_signals(connection: Connection, signals: Sequence[ConsentSignal]) -> None:
    """Enter what providers say customers chose; a signal that was entered before changes nothing again."""
    if not signals:
        return
    people = await identify(connection, signals)
    entries = []
    for signal, person in zip(signals, people, strict=True):
        state, purpose = _WISHES[signal.wish]
        change = ConsentChange(
            state=state, purpose=purpose, how=f"the provider says so: {signal.wish} {signal.provider_id}"
        )
        entries.append(ConsentEntry(address_id=person.address_id, change=change))
    known = await consent.already_entered(connection, entries)
    await consent.change_consent(connection, [entry for entry in entries if entry not in known])
