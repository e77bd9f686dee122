"""A load generator lean enough not to be what is measured: prepared requests, kept connections, one process.

`run_load` sends as fast as answers come, `run_paced` at a given pace whatever the answers do.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What a run measured: requests, those not answered 2xx, wall seconds, and each answer's latency in seconds.

    `own_seconds` is the processor time the load generator itself took.
    """

    requests: int
    refused: int
    seconds: float
    own_seconds: float
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
    started, own_started = time.perf_counter(), time.process_time()
    for client in clients:
        client.start()
    await asyncio.gather(*(client.done for client in clients))
    return Run(
        requests=len(requests),
        refused=sum(client.refused for client in clients),
        seconds=time.perf_counter() - started,
        own_seconds=time.process_time() - own_started,
        latencies=tuple(latency for client in clients for latency in client.latencies),
    )


async def run_paced(
    host: str, port: int, requests: Sequence[bytes], *, per_second: float, connections: int
) -> list[float]:
    """Send the requests at this pace, waiting for no answer before the next; gives when each was due, monotonic."""
    idle: asyncio.Queue[_Client] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: _Client(iter(())), host, port)
        idle.put_nowait(client)
    started = time.monotonic()
    due = [started + index / per_second for index in range(len(requests))]
    answered = []
    for at, request in zip(due, requests, strict=True):
        await asyncio.sleep(at - time.monotonic())
        answered.append(asyncio.create_task(_one(idle, request)))
    await asyncio.gather(*answered)
    return due


async def _one(idle: "asyncio.Queue[_Client]", request: bytes) -> None:
    client = await idle.get()
    await client.send(request)
    idle.put_nowait(client)


class _Client(asyncio.Protocol):
    def __init__(self, work: Iterator[bytes]) -> None:
        self._work = work
        self._buffer = b""
        self._sent_at = 0.0
        self.latencies: list[float] = []
        self.refused = 0
        self._keeps_open = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def start(self) -> None:
        request = next(self._work, None)
        if request is None:
            if not self._keeps_open:
                self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    async def send(self, request: bytes) -> None:
        """Send one more request and wait for its answer; for clients that were not started."""
        self.done = asyncio.get_running_loop().create_future()
        self._work = iter((request,))
        self._keeps_open = True
        self.start()
        await self.done

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
