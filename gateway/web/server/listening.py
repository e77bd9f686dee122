"""Who may connect: how many connections at once, and how long the head of a first request may take.

aiohttp has no limit for connections, and none for a client that begins a request and stops. What comes after the first
head is bounded elsewhere: idle connections by `SERVING` and the fast path, bodies by whoever reads them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.runtime.connection_limits import ConnectionLimiter

_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionLimits:
    """`trusted` are the networks of our own proxies, behind which many clients share one address."""

    per_peer: int = 200
    connections: int = 4000
    head_seconds: float = 10.0
    trusted: Sequence[IPv4Network | IPv6Network] = ()

    def most_of(self, peer: str) -> int | None:
        """Say how many connections this peer may have; no limit for our own proxies."""
        try:
            address = ip_address(peer)
        except ValueError:
            return self.per_peer
        return None if any(address in network for network in self.trusted) else self.per_peer


async def listen(
    serve: Callable[[], asyncio.Protocol], *, host: str, port: int, limits: ConnectionLimits
) -> asyncio.Server:
    """Listen, letting in whom the limits allow; `serve` makes the protocol of each connection.

    Raises:
        OSError: the port is taken or not allowed.
    """
    limiter = ConnectionLimiter(limits.connections, limits.most_of)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: LimitedProtocol(serve, limiter, limits.head_seconds), host, port, backlog=1024
    )


class LimitedProtocol(asyncio.Protocol):
    """One connection: passes everything on, unless it is one too many or its first head never ends."""

    def __init__(self, serve: Callable[[], asyncio.Protocol], limiter: ConnectionLimiter, head_seconds: float) -> None:
        self._serve = serve
        self._limiter = limiter
        self._head_seconds = head_seconds
        self._peer: str | None = None
        self._inner: asyncio.Protocol | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection, or end it at once."""
        peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._limiter.admit(peer):
            transport.close()
            return
        self._peer = peer
        self._inner = self._serve()
        self._inner.connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(self._head_seconds, transport.close)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, and see whether they end the first head."""
        if self._inner is None:
            return
        if self._timer is not None:
            seen = self._tail + data
            self._tail = seen[-3:]
            if _END_OF_HEAD in seen:
                self._timer.cancel()
                self._timer = None
        self._inner.data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place free."""
        if self._timer is not None:
            self._timer.cancel()
        if self._peer is not None:
            self._limiter.leave(self._peer)
        if self._inner is not None:
            self._inner.connection_lost(error)

    def eof_received(self) -> bool | None:
        """Tell the server that the client will send no more."""
        return self._inner.eof_received() if self._inner is not None else None

    def pause_writing(self) -> None:
        """Tell the server that the client reads too slowly."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Tell the server that the client caught up."""
        if self._inner is not None:
            self._inner.resume_writing()
