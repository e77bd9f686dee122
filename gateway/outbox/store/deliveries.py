"""The outbox: claiming what is due, recording what came of it, and what sweeps and reconciliation need.

What goes into the outbox is `outbox.store.outgoing`'s, what providers report is `outbox.store.statuses`'.
"""

from collections.abc import Collection, Mapping, Sequence

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Budget, Choice, Claim, Claimed, Lane, OpenEndpoint, OutcomeKind, Pause, SendOutcome
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)

LEASE_SECONDS = 60
_STATUS = {
    OutcomeKind.RETRY: "queued",
    OutcomeKind.NOT_NOW: "queued",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.UNKNOWN: "unknown",
}


async def open_endpoints(connection: Connection, keys: Collection[str]) -> list[OpenEndpoint]:
    """Give those of these endpoints that are in use and not paused."""
    rows = _QUERIES.open_endpoints(connection, keys=list(keys))
    return [
        OpenEndpoint(endpoint_id=row["id"], key=row["key"], sends_per_second=row["sends_per_second"])
        async for row in rows
    ]


async def claim(
    connection: Connection,
    budgets: Sequence[Budget],
    *,
    sender: str,
    slots: int,
    slots_not_replies: int,
    promotions_a_day: int,
    slots_bulk: int | None = None,
    lease_seconds: float = LEASE_SECONDS,
) -> Claim:
    """Take what may start now, replies first: at most `slots`, of them at most `slots_not_replies` that are no replies.

    At most `slots_bulk` are of the bulk lane. Each is leased to `sender`. What its person opted out of is suppressed,
    what is too late fails.
    """
    rows = [
        row
        async for row in _QUERIES.claim(
            connection,
            endpoint_ids=[budget.endpoint_id for budget in budgets],
            mosts=[budget.most for budget in budgets],
            mosts_not_replies=[budget.most_not_replies for budget in budgets],
            sender=sender,
            lease_seconds=lease_seconds,
            slots=slots,
            slots_not_replies=max(slots_not_replies, 0),
            slots_bulk=slots if slots_bulk is None else slots_bulk,
            promotions_a_day=promotions_a_day,
        )
    ]
    return Claim(
        claimed=tuple(_claimed(row) for row in rows if row["id"] is not None),
        refused_conversation_ids=tuple(rows[0]["refused"]),
    )


async def withdraw(connection: Connection, delivery_ids: Sequence[int], *, sender: str) -> dict[int, int]:
    """Suppress those of a sender's claims whose person opted out meanwhile; delivery id → conversation id."""
    rows = _QUERIES.withdraw(connection, ids=list(delivery_ids), sender=sender)
    return {row["id"]: row["conversation_id"] async for row in rows}


async def release(connection: Connection, held: Sequence[int], *, sender: str) -> None:
    """Queue again what a sender claimed besides what it holds; it never heard of that, and so never began."""
    await _QUERIES.release(connection, held=list(held), sender=sender)


async def is_anything_leaving(connection: Connection, contact_ids: Sequence[int]) -> bool:
    """Tell whether anything but a confirmation is being handed over to these contacts now."""
    return bool(await _QUERIES.is_anything_leaving(connection, contact_ids=list(contact_ids)))


async def record(
    connection: Connection, outcomes: Sequence[SendOutcome], *, sender: str, tells_written: bool
) -> tuple[set[int], set[int]]:
    """Write down what came of these deliveries.

    Gives the ids whose state changed by it, if it is to tell that, and those for which reports of the provider lie
    unmatched.
    """
    rows = [
        row
        async for row in _QUERIES.record(
            connection,
            ids=[outcome.claimed.delivery_id for outcome in outcomes],
            attempts=[outcome.claimed.attempts for outcome in outcomes],
            statuses=[_STATUS.get(outcome.kind, outcome.status) for outcome in outcomes],
            provider_ids=[outcome.provider_id for outcome in outcomes],
            due_ats=[outcome.due_at for outcome in outcomes],
            codes=[outcome.code or None for outcome in outcomes],
            reasons=[outcome.reason or None for outcome in outcomes],
            give_backs=[int(outcome.kind is OutcomeKind.NOT_NOW) for outcome in outcomes],
            sender=sender,
            tells_written=tells_written,
        )
    ]
    written = {row["id"] for row in rows if row["what"] == "written"}
    return written, {row["id"] for row in rows if row["what"] == "unmatched"}


async def expire_leases(connection: Connection) -> list[int]:
    """Mark as unknown what was being sent when its lease ran out; gives the conversations."""
    return [row["conversation_id"] async for row in _QUERIES.expire_leases(connection)]


async def pause_endpoint(connection: Connection, pause: Pause) -> None:
    """Let nothing more leave from this endpoint for a while, and say why."""
    await _QUERIES.pause_endpoint(connection, endpoint_id=pause.endpoint_id, seconds=pause.seconds, reason=pause.reason)


async def resume_endpoint(connection: Connection, endpoint_id: int) -> None:
    """End a pause now; an operator's word."""
    await _QUERIES.resume_endpoint(connection, endpoint_id=endpoint_id)


async def end_pauses(connection: Connection, endpoint_ids: Collection[int]) -> None:
    """Forget why these endpoints were paused, where the pause is over: something went through."""
    await _QUERIES.end_pauses(connection, endpoint_ids=sorted(endpoint_ids))


async def mark_unreachable(connection: Connection, marks: Sequence[tuple[int, Channel, str]]) -> None:
    """Remember that (address id, channel, reason): nobody is there on that channel."""
    await _QUERIES.mark_unreachable(
        connection,
        address_ids=[address_id for address_id, _, _ in marks],
        channels=[channel for _, channel, _ in marks],
        reasons=[reason for _, _, reason in marks],
    )


async def fail_stranded(connection: Connection) -> list[int]:
    """Fail what waits for an endpoint that is no longer configured; gives the delivery ids."""
    return [row["id"] async for row in _QUERIES.fail_stranded(connection)]


async def take_unknown(connection: Connection, *, wait_seconds: float, most: int) -> list[int]:
    """Take deliveries that have been unknown for this long, each at growing distances and for a day."""
    return [row["id"] async for row in _QUERIES.waiting_unknown(connection, wait_seconds=wait_seconds, most=most)]


async def describe(connection: Connection, delivery_ids: Sequence[int]) -> list[Claimed]:
    """Give these deliveries as they were claimed, for finding them at the provider."""
    return [
        _claimed(row)
        async for row in _QUERIES.describe(connection, ids=list(delivery_ids), lease_seconds=LEASE_SECONDS)
    ]


async def requeue_absent(connection: Connection, delivery_ids: Sequence[int]) -> list[int]:
    """Queue again what provably never reached its provider; gives the conversations."""
    rows = _QUERIES.requeue_absent(connection, ids=list(delivery_ids))
    return [row["conversation_id"] async for row in rows]


async def adopt_found(connection: Connection, found: Mapping[int, str]) -> list[int]:
    """Mark as sent what the provider turned out to have, delivery id → provider id; gives the conversations."""
    rows = _QUERIES.adopt_found(connection, ids=list(found), provider_ids=list(found.values()))
    return [row["conversation_id"] async for row in rows]


class LaneDepth(Struct, frozen=True, kw_only=True):
    """How much waits in a lane, and for how many seconds the longest due one has."""

    lane: Lane
    waiting: int
    oldest_seconds: float


class Depth(Struct, frozen=True, kw_only=True):
    """How full the outbox is."""

    lanes: tuple[LaneDepth, ...]
    sending: int
    unknown: int
    dead: int


async def depth(connection: Connection) -> Depth:
    """Measure the outbox; cheap enough for every look at the metrics."""
    sql = _QUERIES
    unsettled = await sql.unsettled(connection)
    lanes = [
        LaneDepth(
            lane=Lane(row["lane"]), waiting=row["waiting"], oldest_seconds=max(0.0, float(row["oldest_seconds"] or 0))
        )
        async for row in sql.depth(connection)
    ]
    return Depth(lanes=tuple(lanes), sending=unsettled["sending"], unknown=unsettled["unknown"], dead=unsettled["dead"])


def _claimed(row: asyncpg.Record) -> Claimed:
    choices = row["choices"]
    claimed = Claimed(
        delivery_id=row["id"],
        message_id=row["message_id"],
        contact_id=row["contact_id"],
        conversation_id=row["conversation_id"],
        address_id=row["address_id"],
        endpoint_id=row["endpoint_id"],
        endpoint_key=row["endpoint_key"],
        endpoint_address=row["endpoint_address"],
        account=row["account"],
        channel=Channel(row["channel"]),
        lane=Lane(row["lane"]),
        purpose=Purpose(row["purpose"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        to=row["uri"],
        text=row["text"],
        subject=row["subject"] or "",
        author=row["author"],
        language=row["language"] or "he",
        choices=tuple(Choice(**choice) for choice in choices) if choices else (),
        template=row["template"] or "",
        template_values=row["template_values"],
        window_is_open=row["window_is_open"],
        zone=row["zone"] or "",
        capped_since=row["capped_since"],
        claimed_at=row["claimed_at"],
    )
    if claimed.channel is Channel.EMAIL or row["quoted_provider_id"] is not None:
        return replace(
            claimed,
            quoted_provider_id=row["quoted_provider_id"],
            last_inbound_provider_id=row["last_inbound_provider_id"],
            references=tuple(row["references"] or ()),
            thread_subject=row["thread_subject"] or "",
        )
    return claimed
