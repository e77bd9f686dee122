"""What a provider's error code means: the record its table is made of, and what HTTP says when the code is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass

from channels.errors import AccountBlocked, Rejected, SendError, Throttled, Unavailable

_TOO_MANY = 429
_NO_RIGHT = (401, 403)
_SERVER_ERROR = 500
_LONGEST_CODE = 9


@dataclass(frozen=True, slots=True)
class Failure:
    """The kind of error a code stands for, and the sentence people read; it lasts `wait_seconds` at least."""

    kind: type[SendError]
    reason: str
    wait_seconds: float | None = None

    def error(self, code: str, retry_after_seconds: float | None = None) -> SendError:
        """Make the error, with the provider's code for the record."""
        return self.kind(self.reason, code=code, retry_after_seconds=retry_after_seconds or self.wait_seconds)


def by_status(status: int, said: str = "") -> Failure:
    """Judge an answer by its HTTP status; `said` is the provider's own sentence, shown when it refused the request."""
    if status == _TOO_MANY:
        return Failure(Throttled, "The provider asks us to send more slowly.")
    if status >= _SERVER_ERROR:
        return Failure(Unavailable, "The provider has a problem of its own.")
    if status in _NO_RIGHT:
        return Failure(AccountBlocked, "The provider does not accept our credentials.")
    return Failure(Rejected, f"The provider refused it: {said}" if said else "The provider refused it.")


def by_code(table: Mapping[int, Failure], code: str) -> Failure | None:
    """Find what a code means; None when it is no number or the table does not know it."""
    return table.get(int(code[:_LONGEST_CODE])) if code.isascii() and code.isdigit() else None
