"""Writing down, in bulk and in one transaction, what came of handing deliveries over, with all that follows from it."""

from collections.abc import Sequence

from gateway.domain.consent import ConsentChange, ConsentState
from gateway.domain.outbox import Outcome, OutcomeKind
from gateway.store import consent, outbox, statuses
from gateway.store.consent import ConsentEntry
from gateway.store.db import Connection, Pool
from gateway.usecases.fallbacks import go_on


async def settle(pool: Pool, outcomes: Sequence[Outcome], *, sender: str) -> None:
    """Record these outcomes; failed ones go on by their next channel, and addresses learn what was said of them.

    An outcome that a callback has overtaken changes nothing.
    """
    async with pool.acquire() as connection, connection.transaction():
        written, adopted = await outbox.record(connection, outcomes, sender=sender)
        if adopted:
            moved = await statuses.apply(connection, adopted)
            await go_on(connection, [each.delivery_id for each in moved if each.status == OutcomeKind.FAILED])
        failed = [
            outcome
            for outcome in outcomes
            if outcome.kind is OutcomeKind.FAILED and outcome.claimed.delivery_id in written
        ]
        if failed:
            await _follow_up(connection, failed)


async def _follow_up(connection: Connection, failed: Sequence[Outcome]) -> None:
    unreachable = [
        (outcome.claimed.address_id, outcome.claimed.channel, outcome.reason)
        for outcome in failed
        if outcome.unreachable
    ]
    if unreachable:
        await outbox.mark_unreachable(connection, unreachable)
    await opt_out(connection, {each.claimed.address_id: each.code for each in failed if each.opted_out})
    await go_on(connection, [outcome.claimed.delivery_id for outcome in failed if outcome.goes_on])


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
