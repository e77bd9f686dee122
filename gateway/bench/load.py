"""A load generator lean enough not to be what is measured: prepared requests, kept connections, one process."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What a run measured: requests, those not answered 2xx, wall seconds, and each answer's latency in seconds."""

    requests: int
    refused: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def per_second(self) -> float:
        """Accepted requests per second."""
        return (self.requests - self.refused) / self.seconds

    def latency(self, share: float) -> float:
        """Give the latency in seconds that this share (0 to 1) of the answers kept within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def request_bytes(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Write one HTTP/1.1 POST in full, ready to be sent again and again."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def run_load(host: str, port: int, requests: Sequence[bytes], *, connections: int) -> Run:
    """Send the requests over this many connections, one at a time on each, and measure."""
    work = iter(requests)
    clients = [_Client(work) for _ in range(connections)]
    loop = asyncio.get_running_loop()
    for client in clients:
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]  # bound per turn
    started = time.perf_counter()
    for client in clients:
        client.start()
    await asyncio.gather(*(client.done for client in clients))
    return Run(
        requests=len(requests),
        refused=sum(client.refused for client in clients),
        seconds=time.perf_counter() - started,
        latencies=tuple(latency for client in clients for latency in client.latencies),
    )


class _Client(asyncio.Protocol):
    def __init__(self, work: Iterator[bytes]) -> None:
        self._work = work
        self._buffer = b""
        self._sent_at = 0.0
        self.latencies: list[float] = []
        self.refused = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def start(self) -> None:
        request = next(self._work, None)
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        self.latencies.append(time.perf_counter() - self._sent_at)
        self.refused += not head.startswith(b"http/1.1 2")
        self._buffer = b""
        self.start()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))
