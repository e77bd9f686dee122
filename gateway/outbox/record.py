"""Writing down, in bulk, what came of handing deliveries over, with all that follows from it."""

from collections.abc import Iterable, Sequence

from gateway.domain.consent import ConsentChange, ConsentState
from gateway.domain.outbox import OutcomeKind, SendOutcome, Status
from gateway.outbox.fallbacks import try_next_route
from gateway.outbox.store import deliveries, statuses
from gateway.people.store import consent
from gateway.people.store.consent import ConsentEntry
from gateway.store.db import STATEMENT_SECONDS, Connection, Pool, lent


async def settle(pool: Pool, outcomes: Sequence[SendOutcome], *, sender: str) -> None:
    """Record these outcomes; failed ones go on by their next channel, and addresses learn what was said of them.

    An outcome that a callback has overtaken changes nothing. Successes are written apart from the failures, in a
    statement that needs no transaction around it.
    """
    failed = [outcome for outcome in outcomes if outcome.kind is OutcomeKind.FAILED]
    others = [outcome for outcome in outcomes if outcome.kind is not OutcomeKind.FAILED]
    async with lent(pool, most_seconds=STATEMENT_SECONDS) as connection:
        if others:
            _, unmatched = await deliveries.record(connection, others, sender=sender, tells_written=False)
            if unmatched:
                await _attach(connection, unmatched)
        if failed:
            async with connection.transaction():
                written, _ = await deliveries.record(connection, failed, sender=sender, tells_written=True)
                await _follow_up(connection, [each for each in failed if each.claimed.delivery_id in written])


async def _attach(connection: Connection, delivery_ids: Iterable[int]) -> None:
    """Apply reports of the provider that came before we had written down its id."""
    async with connection.transaction():
        moved = await statuses.apply(connection, await statuses.attach(connection, delivery_ids))
        await try_next_route(connection, [each.delivery_id for each in moved if each.status == Status.FAILED])


async def _follow_up(connection: Connection, failed: Sequence[SendOutcome]) -> None:
    unreachable = [
        (outcome.claimed.address_id, outcome.claimed.channel, outcome.reason)
        for outcome in failed
        if outcome.unreachable
    ]
    if unreachable:
        await deliveries.mark_unreachable(connection, unreachable)
    await opt_out(connection, {each.claimed.address_id: each.code for each in failed if each.opted_out})
    await try_next_route(connection, [outcome.claimed.delivery_id for outcome in failed if outcome.tries_next_route])


async def opt_out(connection: Connection, codes: dict[int, str]) -> None:
    """Enter in the ledger that these people opted out with the provider: address id → its code."""
    entries = [
        ConsentEntry(
            address_id=address_id,
            change=ConsentChange(state=ConsentState.OPTED_OUT, how=f"the provider says so ({code})"),
        )
        for address_id, code in sorted(codes.items())
    ]
    if entries:
        await consent.change_consent(connection, entries)
