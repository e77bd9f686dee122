"""What came in, sorted by what is to be done with it. Pure: nothing is stored or looked up here."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from msgspec import Struct, field

from channels.contract import Request
from channels.email.adapter import SOURCE as MAIL
from gateway.domain.messages import (
    BounceReport,
    ConsentSignal,
    Event,
    InboundMessage,
    NumberChange,
    StatusUpdate,
    UnknownEvent,
    storable_message,
)

# No provider tries for more than a week; the Date of a mail is its writer's word, and often wrong.
_OLDEST = timedelta(days=8)


class InboundPayload(Struct, frozen=True, kw_only=True):
    """One payload that came in, and the events read from it."""

    payload: Request
    events: tuple[Event, ...]


class Partitioned(Struct, frozen=True):
    """The events of a batch by kind; messages and problems with the place of their payload in the batch."""

    messages: list[tuple[int, InboundMessage]] = field(default_factory=list)
    signals: list[ConsentSignal] = field(default_factory=list)
    number_changes: list[NumberChange] = field(default_factory=list)
    statuses: list[StatusUpdate | BounceReport] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def needs_commits(self) -> bool:
        """Whether commits alone put some of it in order: what providers say of people's consent and numbers."""
        return bool(self.signals or self.number_changes) or any(
            event.complaint if isinstance(event, BounceReport) else event.opted_out for event in self.statuses
        )


def partition(submissions: Sequence[InboundPayload], ours: Collection[str]) -> Partitioned:
    """Sort the events of a batch, of each message the first copy only; `ours` are the keys of our endpoints."""
    found = Partitioned()
    seen: set[tuple[str, str]] = set()
    for index, submission in enumerate(submissions):
        for event in submission.events:
            match event:
                case UnknownEvent():
                    found.problems.append((index, event.reason))
                case _ if event.endpoint not in ours:
                    found.problems.append((index, f"no endpoint of ours is {event.endpoint!r}"))
                case InboundMessage() if _is_from_long_ago(event, submission.payload):
                    found.problems.append((index, f"said to be written on {event.occurred_at}, too long ago to be new"))
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


def _is_from_long_ago(event: InboundMessage, payload: Request) -> bool:
    at = event.occurred_at
    return at is not None and payload.source != MAIL and payload.received_at - at > _OLDEST
