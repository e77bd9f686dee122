"""How many connections may be open at once, in all and for each peer. Whoever listens asks; nothing listens here."""

import resource
from collections import Counter
from collections.abc import Callable

_FOR_OURSELVES = 256  # files and sockets that are no client's: the database, logs, mail


class ConnectionLimiter:
    """Who is connected now. `most` is the limit of all together, `most_of` that of one peer, None for no limit."""

    def __init__(self, most: int, most_of: Callable[[str], int | None]) -> None:
        self._most = min(most, _files_allowed() - _FOR_OURSELVES)
        self._most_of = most_of
        self._peers: Counter[str] = Counter()

    def admit(self, peer: str) -> bool:
        """Let a peer in, unless it or all together have as many connections as they may."""
        most_of_peer = self._most_of(peer)
        if self._peers.total() >= self._most or (most_of_peer is not None and self._peers[peer] >= most_of_peer):
            return False
        self._peers[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """Forget one connection of a peer."""
        self._peers[peer] -= 1
        if self._peers[peer] <= 0:
            del self._peers[peer]


def _files_allowed() -> int:
    """Raise the limit of open files as far as the system lets us, and give it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft if soft != resource.RLIM_INFINITY else 1 << 20
