"""Which way to write to a person: the one asked for, the one that works, and what to try when it fails. Pure."""

from collections.abc import Sequence
from datetime import datetime

from gateway.desk.cards import ReplyChannel
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose, may_send
from gateway.domain.errors import Refused


def choose(
    reply_channels: Sequence[ReplyChannel],
    *,
    channel: Channel | None,
    address_id: int | None,
    purpose: Purpose,
    now: datetime,
) -> ReplyChannel:
    """Pick the way to send: on the channel asked for, or else the one used last that is not shut.

    Raises:
        Refused: there is no address on that channel, or the person opted out there; says which.
    """
    fitting = [
        candidate
        for candidate in reply_channels
        if channel in (None, candidate.channel) and address_id in (None, candidate.route.address_id)
    ]
    if not fitting:
        where = f"on {channel}" if channel else "that we can write to"
        raise Refused(f"this contact has no address {where}")
    open_channels = [candidate for candidate in fitting if may_send(purpose, candidate.opted_out)]
    if not open_channels:
        raise Refused(f"{fitting[0].uri} opted out of messages of this kind")
    return preferred(open_channels, now)


def preferred(open_channels: Sequence[ReplyChannel], now: datetime) -> ReplyChannel:
    """Pick of ways that are open, the one used last first, what works now: for the screen and for programs alike."""
    free = (each for each in open_channels if not each.unreachable and not is_window_shut(each, now))
    return next(free, open_channels[0])


def fallbacks(
    reply_channels: Sequence[ReplyChannel], chosen: ReplyChannel, purpose: Purpose, now: datetime
) -> list[ReplyChannel]:
    """List what to try when the chosen one fails for good: other channels the person is known to use, no others.

    The same address comes first. An unproven address never stands in for a proven one.
    """
    usable = [
        candidate
        for candidate in reply_channels
        if candidate.route != chosen.route
        and candidate.channel is not chosen.channel
        and (candidate.proven or not chosen.proven)
        and may_send(purpose, candidate.opted_out)
        and not candidate.unreachable
        and is_used(candidate)
        and not is_window_shut(candidate, now)
    ]
    return sorted(usable, key=lambda candidate: candidate.uri != chosen.uri)


def is_used(candidate: ReplyChannel) -> bool:
    """Say whether the person is known to have this channel: a text reaches any phone, WhatsApp once they used it."""
    return (
        candidate.channel is not Channel.WHATSAPP
        or candidate.last_inbound_at is not None
        or candidate.window_closes_at is not None
    )


def is_window_shut(candidate: ReplyChannel, now: datetime) -> bool:
    """Say whether WhatsApp takes no free text to this person now."""
    return candidate.channel is Channel.WHATSAPP and (
        candidate.window_closes_at is None or candidate.window_closes_at <= now
    )
