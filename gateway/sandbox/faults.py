"""What goes wrong on purpose: faults for the next sends, what befalls status callbacks, and how providers are set."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self

_MOST_FAULTS = 200


class Provider(StrEnum):
    """Who can fail."""

    TWILIO = "twilio"
    CLOUD = "cloud"
    MAIL = "mail"


class Kind(StrEnum):
    """How a send can go wrong.

    THROTTLE answers 429 with Retry-After (mail: 451); ERROR_500 an internal error (mail: 421); HANG takes nothing and
    says nothing; DROP closes the connection without taking the message; ACCEPT_DROP takes it and then closes the
    connection without an answer; CODE fails with the provider's error `code`, at once or as a failed status, whichever
    that code does in life; BOUNCE (mail) takes it and later sends a delivery failure.
    """

    THROTTLE = "throttle"
    ERROR_500 = "error500"
    HANG = "hang"
    DROP = "drop"
    ACCEPT_DROP = "accept_drop"
    CODE = "code"
    BOUNCE = "bounce"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """The next `count` sends through `provider` (to `to`, when given) go wrong in this way."""

    provider: Provider
    kind: Kind
    count: int = 1
    code: int = 0
    to: str = ""
    retry_after_seconds: float = 1.0
    hang_seconds: float = 60.0

    @classmethod
    def read(cls, data: Mapping[str, object]) -> Self:
        """Read a fault from JSON.

        Raises:
            ValueError: a field is missing, unknown or of the wrong type; says which.
        """
        known = {field.name for field in fields(cls)}
        if unknown := set(data) - known:
            raise ValueError(f"unknown in a fault: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
        fault = cls(
            provider=Provider(str(data.get("provider", ""))),
            kind=Kind(str(data.get("kind", ""))),
            count=int(str(data.get("count", 1))),
            code=int(str(data.get("code", 0))),
            to=str(data.get("to", "")),
            retry_after_seconds=float(str(data.get("retry_after_seconds", 1))),
            hang_seconds=float(str(data.get("hang_seconds", 60))),
        )
        if fault.count < 1:
            raise ValueError("count must be at least 1")
        return fault


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How the providers behave until told otherwise.

    `callbacks` off sends no status callbacks at all (for benches); `callback_delay_ms` is added to the usual 50 to
    300 ms; `callback_drop` loses them, `callback_twice` sends each twice, `callback_backwards` the last one first.
    `advanced_opt_out` forwards Twilio's STOP words with OptOutType. `window_error_at_once` makes a closed 24-hour
    window an error of the send itself rather than a failed status. `twilio_webhook_options` is the fragment of the
    webhook address configured at Twilio, such as `rc=5&rp=all`.
    """

    callbacks: bool = True
    callback_delay_ms: int = 0
    callback_drop: bool = False
    callback_twice: bool = False
    callback_backwards: bool = False
    advanced_opt_out: bool = False
    window_error_at_once: bool = False
    twilio_webhook_options: str = ""

    def changed(self, data: Mapping[str, object]) -> Self:
        """Give the rules with the named ones changed.

        Raises:
            ValueError: a name is unknown, or a value of the wrong type.
        """
        for name, value in data.items():
            if name not in {field.name for field in fields(self)}:
                raise ValueError(f"unknown rule: {name}")
            if type(value) is not type(getattr(self, name)):
                raise ValueError(f"{name} must be {type(getattr(self, name)).__name__}")
        return replace(self, **data)  # type: ignore[arg-type]  # names and types were just checked


class Faults:
    """The faults still to happen, and the rules in force."""

    def __init__(self) -> None:
        self.rules = Rules()
        self._waiting: deque[Fault] = deque(maxlen=_MOST_FAULTS)

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """The faults still to happen, in order."""
        return tuple(self._waiting)

    def add(self, fault: Fault) -> None:
        """Let this happen to the next sends, after what was added before."""
        self._waiting.append(fault)

    def take(self, provider: Provider, to: str) -> Fault | None:
        """Use up the first waiting fault that concerns a send to `to` (a phone, user id or mailbox)."""
        for index, fault in enumerate(self._waiting):
            if fault.provider is provider and fault.to.lower() in ("", to.lower()):
                if fault.count > 1:
                    self._waiting[index] = replace(fault, count=fault.count - 1)
                else:
                    del self._waiting[index]
                return fault
        return None

    def clear(self) -> None:
        """Let nothing more go wrong; rules go back to their defaults."""
        self._waiting.clear()
        self.rules = Rules()
