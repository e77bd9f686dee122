"""Pages of long lists: the items, and the cursor that asks for what follows. A cursor is opaque to its holder."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from msgspec import Struct

from gateway.domain.errors import GatewayError
from gateway.domain.ids import bigint_of

Item = TypeVar("Item")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_NEWEST_ID = 2**62


class BadCursor(GatewayError):
    """The cursor is not one that a page of this list gave."""

    def __init__(self) -> None:
        super().__init__("this cursor was not given by a page of this list; start again without one")


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """Some items of a list, in its order; `next` is the cursor of the following page, or None at the end."""

    items: Sequence[Item]
    next: str | None = None


class Place(Struct, frozen=True, kw_only=True):
    """A place in a list ordered by time and id, newest first; by default before the newest."""

    at: datetime = _FAR
    id: int = _NEWEST_ID

    def cursor(self) -> str:
        """Write the place as a cursor."""
        micros = (self.at - _EPOCH) // timedelta(microseconds=1)
        return urlsafe_b64encode(f"{micros}.{self.id}".encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> Place:
    """Read the place a cursor names; no cursor names the start.

    Raises:
        BadCursor: it was not made by `Place.cursor`.
    """
    if cursor is None:
        return Place()
    try:
        micros, _, last_id = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(".")
        at = _EPOCH + timedelta(microseconds=int(micros))
    except (ValueError, OverflowError) as error:
        raise BadCursor from error
    if (place_id := bigint_of(last_id)) is None:
        raise BadCursor
    return Place(at=at, id=place_id)


def id_after(cursor: str | None) -> int:
    """Read the cursor of a list in order of ids: the id it goes on after; no cursor names the start.

    Raises:
        BadCursor: it is no id.
    """
    if (last_id := bigint_of(cursor or "0")) is None:
        raise BadCursor
    return last_id


def cut(items: Sequence[Item], limit: int) -> tuple[Sequence[Item], Item | None]:
    """Split one item too many off a page: the page, and its last item when more follow."""
    page = items[:limit]
    return page, (page[-1] if len(items) > limit else None)
