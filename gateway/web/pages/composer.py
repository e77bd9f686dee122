"""The channel menu of the composer: the ways an agent can answer, and why one is shut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.desk.cards import ReplyChannel, Thread
from gateway.desk.reply_channels import is_used, is_window_shut, preferred
from gateway.domain.consent import Purpose, may_send


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyOption:
    """One reply channel in the menu. `hindrance` names what stands in its way; only an opt-out shuts it altogether."""

    reply_channel: ReplyChannel
    value: str
    is_open: bool
    is_chosen: bool
    hindrance: str = ""


def reply_options(thread: Thread, now: datetime, *, chosen: str = "") -> Sequence[ReplyOption]:
    """List the reply channels the person is known to have, those that work first as the default."""
    reply_channels = [candidate for candidate in thread.reply_channels if is_used(candidate)]
    open_channels = [candidate for candidate in reply_channels if may_send(Purpose.REPLY, candidate.opted_out)]
    asked = next((candidate for candidate in open_channels if _value(candidate) == chosen), None)
    wanted = asked or (preferred(open_channels, now) if open_channels else None)
    return [
        ReplyOption(
            reply_channel=candidate,
            value=_value(candidate),
            is_open=candidate in open_channels,
            is_chosen=candidate is wanted,
            hindrance=_hindrance(candidate, now),
        )
        for candidate in reply_channels
    ]


def _hindrance(candidate: ReplyChannel, now: datetime) -> str:
    if not may_send(Purpose.REPLY, candidate.opted_out):
        return "opted_out"
    if candidate.unreachable:
        return "unreachable"
    return "window_shut" if is_window_shut(candidate, now) else ""


def _value(candidate: ReplyChannel) -> str:
    return f"{candidate.channel}:{candidate.route.address_id}"
