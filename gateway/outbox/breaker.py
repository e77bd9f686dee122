"""A circuit breaker: an endpoint whose provider mostly fails is left alone for a while, then tried with one message."""

from dataclasses import dataclass, field

REST_SECONDS = 15.0
_WINDOW = 20


@dataclass(kw_only=True, slots=True)
class Breaker:
    """The last outcomes of one endpoint in this process; `is_probing` while one message decides whether it is back."""

    is_probing: bool = False
    _latest: list[bool] = field(default_factory=list)

    def note(self, *, is_available: bool) -> bool:
        """Take note of one outcome; True when the endpoint should rest now."""
        if self.is_probing:
            self.is_probing = not is_available
            return not is_available
        self._latest.append(is_available)
        del self._latest[:-_WINDOW]
        if len(self._latest) == _WINDOW and self._latest.count(False) * 2 >= _WINDOW:
            self._latest.clear()
            self.is_probing = True
            return True
        return False
