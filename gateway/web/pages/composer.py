"""The channel menu of the composer: the ways an agent can answer, and why one is shut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.desk.reply import is_used, is_window_shut
from gateway.domain.consent import Purpose, may_send
from gateway.domain.views import Thread, Way


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One way in the menu. `hindrance` names what stands in its way; only an opt-out shuts it altogether."""

    way: Way
    value: str
    is_open: bool
    is_chosen: bool
    hindrance: str = ""


def offers(thread: Thread, now: datetime, *, chosen: str = "") -> Sequence[Offer]:
    """List the ways the person is known to have, those that work first as the default."""
    ways = [way for way in thread.ways if is_used(way)]
    open_ways = [way for way in ways if may_send(Purpose.REPLY, way.opted_out)]
    wanted = next((way for way in open_ways if _value(way) == chosen), None) or _default(open_ways, now)
    return [
        Offer(
            way=way,
            value=_value(way),
            is_open=way in open_ways,
            is_chosen=way is wanted,
            hindrance=_hindrance(way, now),
        )
        for way in ways
    ]


def _default(open_ways: Sequence[Way], now: datetime) -> Way | None:
    free = (way for way in open_ways if not way.unreachable and not is_window_shut(way, now))
    return next(free, open_ways[0] if open_ways else None)


def _hindrance(way: Way, now: datetime) -> str:
    if not may_send(Purpose.REPLY, way.opted_out):
        return "opted_out"
    if way.unreachable:
        return "unreachable"
    return "window_shut" if is_window_shut(way, now) else ""


def _value(way: Way) -> str:
    return f"{way.channel}:{way.route.address_id}"
