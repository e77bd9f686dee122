"""Listing Twilio messages: the To, From and DateSent filters, and the cutting into pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from gateway.sandbox.ledger import Ledger
from gateway.sandbox.message import TwilioMessage

_PAGE_SIZE, _LARGEST_PAGE = 50, 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """A list request. `since` is the earliest time wanted, `before` the first one no longer wanted."""

    filters: tuple[tuple[str, str], ...] = ()
    to: str = ""
    sender: str = ""
    since: datetime | None = None
    before: datetime | None = None
    page: int = 0
    size: int = _PAGE_SIZE

    @property
    def start(self) -> int:
        """The number of the first message on the page."""
        return self.page * self.size

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read the query of a list request.

        Raises:
            ValueError: a date or number cannot be read.
        """
        since = before = None
        if day := query.get("DateSent"):
            since = _time(day).replace(hour=0, minute=0, second=0)
            before = since + timedelta(days=1)
        if after := query.get("DateSent>"):
            since = _time(after)
        if until := query.get("DateSent<"):
            before = _time(until) + timedelta(days=1 if "T" not in until else 0, seconds=1 if "T" in until else 0)
        names = ("To", "From", "DateSent", "DateSent>", "DateSent<")
        return cls(
            filters=tuple((name, query[name]) for name in names if name in query),
            to=query.get("To", ""),
            sender=query.get("From", ""),
            since=since,
            before=before,
            page=max(int(query.get("Page", "0")), 0),
            size=min(max(int(query.get("PageSize", str(_PAGE_SIZE))), 1), _LARGEST_PAGE),
        )

    def run(self, ledger: Ledger) -> list[TwilioMessage]:
        """Find the messages, newest first."""
        return [
            message for message in ledger.newest_first() if isinstance(message, TwilioMessage) and self._wants(message)
        ]

    def _wants(self, message: TwilioMessage) -> bool:
        sent_at = message.sent_at or message.at
        return (
            self.to in ("", message.to_address)
            and self.sender in ("", message.from_address)
            and (self.since is None or sent_at >= self.since)
            and (self.before is None or sent_at < self.before)
        )


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
