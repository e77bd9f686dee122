"""Carrying out what providers say of our deliveries: status callbacks, bounces and complaints."""

from collections.abc import Mapping, Sequence

from gateway.domain.consent import UNASKED, ConsentChange, ConsentState
from gateway.domain.messages import BounceReport, StatusUpdate
from gateway.domain.outbox import Status
from gateway.outbox.fallbacks import try_next_route
from gateway.outbox.record import opt_out
from gateway.outbox.store import deliveries, statuses
from gateway.outbox.store.statuses import About, StatusReport
from gateway.people.store import consent
from gateway.people.store.consent import ConsentEntry
from gateway.runtime import failpoints
from gateway.runtime.failpoints import Failpoint
from gateway.store.db import Connection

Update = StatusUpdate | BounceReport


async def apply_statuses(
    connection: Connection,
    updates: Sequence[Update],
    *,
    endpoint_ids: Mapping[str, int],
    raw_ids: Sequence[int | None],
) -> list[int]:
    """Keep these reports, move their deliveries forward, and give the conversations that changed.

    Runs in the caller's transaction. `raw_ids` are the payloads the updates came in, in order; updates from endpoints
    that are not in `endpoint_ids` are left out. A delivery that failed goes on by its next channel; addresses learn
    that nobody is there, or that the person opted out.
    """
    known = [
        (update, raw_id) for update, raw_id in zip(updates, raw_ids, strict=True) if update.endpoint in endpoint_ids
    ]
    if not known:
        return []
    reports = [_report(update, endpoint_ids[update.endpoint], raw_id) for update, raw_id in known]
    found = await statuses.keep(connection, reports)
    failpoints.hit(Failpoint.STATUS_KEPT)
    told = [(update, about) for (update, _), about in zip(known, found, strict=True) if about is not None]
    moved = await statuses.apply(connection, (about.delivery_id for _, about in told))
    await _note_addresses(connection, told)
    await try_next_route(connection, [each.delivery_id for each in moved if each.status == Status.FAILED])
    return sorted({each.conversation_id for each in moved})


def _report(update: Update, endpoint_id: int, raw_id: int | None) -> StatusReport:
    if isinstance(update, StatusUpdate):
        return StatusReport(
            endpoint_id=endpoint_id,
            provider_id=update.provider_id,
            status=update.status,
            named_id=update.delivery_id,
            code=update.error_code,
            reason=update.reason,
            occurred_at=update.occurred_at,
            raw_id=raw_id,
        )
    return StatusReport(
        endpoint_id=endpoint_id,
        provider_id=update.original_provider_id or update.provider_id,
        status=Status.FAILED if update.hard and not update.complaint else Status.SENT,
        code=update.dsn or ("complaint" if update.complaint else None),
        reason=update.reason or None,
        occurred_at=update.occurred_at,
        raw_id=raw_id,
    )


async def _note_addresses(connection: Connection, told: Sequence[tuple[Update, About]]) -> None:
    """Remember what these reports mean for the addresses their deliveries went to, and for no other address."""
    gone = [
        (about.address_id, about.channel, _why(update))
        for update, about in told
        if (update.unreachable if isinstance(update, StatusUpdate) else _is_gone(update, about))
    ]
    if gone:
        await deliveries.mark_unreachable(connection, gone)
    await opt_out(
        connection,
        {
            about.address_id: update.error_code or "opted out"
            for update, about in told
            if isinstance(update, StatusUpdate) and update.opted_out
        },
    )
    complained = {about.address_id for update, about in told if isinstance(update, BounceReport) and update.complaint}
    for purpose in UNASKED if complained else ():
        change = ConsentChange(state=ConsentState.OPTED_OUT, purpose=purpose, how="complained to the mail provider")
        entries = [ConsentEntry(address_id=address_id, change=change) for address_id in sorted(complained)]
        await consent.change_consent(connection, entries)


def _is_gone(bounce: BounceReport, about: About) -> bool:
    """Believe a hard bounce only about the address that our own mail went to."""
    return (
        bounce.hard
        and not bounce.complaint
        and (bounce.failed_address is None or str(bounce.failed_address) == about.uri)
    )


def _why(update: Update) -> str:
    return update.reason or (update.error_code if isinstance(update, StatusUpdate) else update.dsn) or "nobody is there"
