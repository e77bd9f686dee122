"""What becomes of a delivery: sent, tried again, failed or unknown. Pure; channels say by flags what an error means."""

import random
from datetime import datetime, timedelta

from channels.errors import SendError, Throttled
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Claimed, Lane, OutcomeKind, Pause, Receipt, SendOutcome, Status, rank
from gateway.outbox.quiet_hours import next_open
from gateway.outbox.retries import next_attempt, within_patience
from gateway.runtime.days_off import HOME_ZONE

UNEXPECTED_ATTEMPTS = 3
_BLOCKED_SECONDS = 300.0
_THROTTLED_SECONDS = (1.0, 5.0)
_CAPPED = frozenset((Purpose.SURVEY, Purpose.MARKETING))


def not_now(claimed: Claimed, now: datetime) -> SendOutcome | None:
    """Put off what nobody asked for when it would come in quiet hours, or after the day's measure of promotions."""
    due_at, reason = now, ""
    if claimed.lane is Lane.BULK:
        due_at, reason = next_open(now, claimed.zone or HOME_ZONE), "it waits for the end of the quiet hours"
    if (
        claimed.purpose in _CAPPED
        and claimed.capped_since is not None
        and due_at < claimed.capped_since + timedelta(days=1)
    ):
        due_at, reason = claimed.capped_since + timedelta(days=1), "the person had as many as a day allows"
    return postponed(claimed, due_at, reason) if due_at > now else None


def postponed(claimed: Claimed, due_at: datetime, reason: str = "") -> SendOutcome:
    """Give a delivery back untried, to be taken again at this time."""
    return SendOutcome(claimed=claimed, kind=OutcomeKind.NOT_NOW, due_at=due_at, reason=reason)


def accepted(claimed: Claimed, receipt: Receipt) -> SendOutcome:
    """Note that the provider took it; whatever its own word, for us it is at least sent."""
    status = receipt.status if rank(receipt.status) > rank(Status.SENT) else Status.SENT
    return SendOutcome(claimed=claimed, kind=OutcomeKind.SENT, status=status, provider_id=receipt.provider_id)


def refused(
    claimed: Claimed, error: SendError, *, now: datetime, chance: random.Random
) -> tuple[SendOutcome, Pause | None]:
    """Decide what an error means for the delivery, and whether its endpoint must rest."""
    if error.maybe_sent:
        return maybe_sent(claimed, error.reason, code=error.code), None
    if error.stops_endpoint or isinstance(error, Throttled):
        return _held_up(claimed, error, now=now, chance=chance)
    if error.retryable:
        return _tried_again(claimed, error, now=now, chance=chance), None
    return _failed(claimed, error), None


def maybe_sent(claimed: Claimed, reason: str, *, code: str = "") -> SendOutcome:
    """Note that it may have gone out and nobody can say; it is looked into, never blindly sent again."""
    return SendOutcome(claimed=claimed, kind=OutcomeKind.UNKNOWN, code=code, reason=reason)


def broken(claimed: Claimed, error: Exception, *, now: datetime, chance: random.Random) -> SendOutcome:
    """Try what failed in a way nobody foresaw a few times, then give it up with what is known."""
    reason = f"an unexpected error kept it from being sent ({type(error).__name__})"
    due_at = next_attempt(
        attempts=claimed.attempts, lane=claimed.lane, created_at=claimed.created_at, now=now, chance=chance
    )
    if due_at is None or claimed.attempts >= UNEXPECTED_ATTEMPTS:
        return SendOutcome(
            claimed=claimed, kind=OutcomeKind.FAILED, code="unexpected", reason=reason, tries_next_route=True
        )
    return SendOutcome(claimed=claimed, kind=OutcomeKind.RETRY, code="unexpected", reason=reason, due_at=due_at)


def _held_up(
    claimed: Claimed, error: SendError, *, now: datetime, chance: random.Random
) -> tuple[SendOutcome, Pause | None]:
    """Rest the endpoint, and give the delivery back untried for as long as it is of use."""
    usual = _BLOCKED_SECONDS if error.stops_endpoint else chance.uniform(*_THROTTLED_SECONDS)
    seconds = error.retry_after_seconds or usual
    pause = Pause(endpoint_id=claimed.endpoint_id, seconds=seconds, reason=error.reason)
    due_at = within_patience(now + timedelta(seconds=seconds), lane=claimed.lane, created_at=claimed.created_at)
    return (
        _failed(claimed, error, tries_next_route=True) if due_at is None else postponed(claimed, due_at, error.reason)
    ), pause


def _tried_again(claimed: Claimed, error: SendError, *, now: datetime, chance: random.Random) -> SendOutcome:
    due_at = next_attempt(
        attempts=claimed.attempts,
        lane=claimed.lane,
        created_at=claimed.created_at,
        now=now,
        retry_after_seconds=error.retry_after_seconds,
        chance=chance,
    )
    if due_at is None:
        return _failed(claimed, error, tries_next_route=True)
    return SendOutcome(claimed=claimed, kind=OutcomeKind.RETRY, code=error.code, reason=error.reason, due_at=due_at)


def _failed(claimed: Claimed, error: SendError, *, tries_next_route: bool = False) -> SendOutcome:
    return SendOutcome(
        claimed=claimed,
        kind=OutcomeKind.FAILED,
        code=error.code or type(error).__name__.lower(),
        reason=error.reason,
        tries_next_route=(tries_next_route or error.next_channel) and not error.opted_out,
        unreachable=error.unreachable,
        opted_out=error.opted_out,
    )
