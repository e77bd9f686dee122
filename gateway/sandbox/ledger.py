"""Everything said between customers and the product, in order, bounded; who blocked whom, and when windows opened."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.sandbox.message import Author, Channel, Message

_KEPT_MESSAGES = 5_000
_KEPT_CUSTOMERS = 20_000
WINDOW = timedelta(hours=24)


class Ledger:
    """The last few thousand messages. `tell` is called with every message that is new or changed."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._heard_at: OrderedDict[tuple[Channel, str], datetime] = OrderedDict()
        self.stopped: set[str] = set()
        self.stopped_marketing: set[str] = set()
        self.notes: deque[str] = deque(maxlen=200)

    def add(self, message: Message) -> None:
        """Remember a message; one from the customer opens the 24-hour window of its channel."""
        self._messages[message.message_id] = message
        if len(self._messages) > _KEPT_MESSAGES:
            self._messages.popitem(last=False)
        if message.author is Author.CUSTOMER and message.channel is not Channel.MAIL:
            self._heard_at[message.channel, message.customer] = message.at
            if len(self._heard_at) > _KEPT_CUSTOMERS:
                self._heard_at.popitem(last=False)
        self._tell(message)

    def get(self, message_id: str) -> Message | None:
        """Give the message, or None when it is not, or no longer, here."""
        return self._messages.get(message_id)

    def change(self, message: Message) -> None:
        """Put this in the place of the message of the same id, if that is still here."""
        if message.message_id in self._messages:
            self._messages[message.message_id] = message
            self._tell(message)

    def set_status(self, message_id: str, status: str, *, error_code: int | None = None, error: str = "") -> None:
        """Change how a message stands, in the provider's words."""
        message = self._messages.get(message_id)
        if message is not None:
            self.change(replace(message, status=status, error_code=error_code, error=error))

    def newest_first(self) -> Iterator[Message]:
        """Go through the messages, the last said first."""
        return reversed(list(self._messages.values()))

    def is_window_open(self, channel: Channel, customer: str) -> bool:
        """Tell whether the customer wrote on this channel within 24 hours."""
        heard_at = self._heard_at.get((channel, customer))
        return heard_at is not None and datetime.now(UTC) - heard_at < WINDOW

    def close_window(self, channel: Channel, customer: str) -> None:
        """Pretend that 24 hours went by in silence."""
        self._heard_at.pop((channel, customer), None)

    def clear(self) -> None:
        """Forget everything."""
        for kept in (self._messages, self._heard_at, self.stopped, self.stopped_marketing, self.notes):
            kept.clear()
