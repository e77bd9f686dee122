"""A TCP proxy that misbehaves when told to: it delays, cuts, resets, falls silent, or keeps the answer to itself.

It knows no protocol. A fault holds for connections opened while it is in force, and `fail_next` for a few of them only;
`pause` holds for every connection at once, those that are open included.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65536
_LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """How a connection misbehaves; any of these may be combined.

    `latency_seconds` delays every chunk, both ways. After `cut_after` bytes of the answer (0: before the first) the
    connection closes, with RST if `reset`. `cut_request_after` is the same for the request. `black_hole` takes what the
    client says and passes nothing on. `swallow` passes the request on and keeps the answer, then closes after
    `hold_seconds`.
    """

    latency_seconds: float = 0.0
    cut_after: int | None = None
    cut_request_after: int | None = None
    reset: bool = False
    black_hole: bool = False
    swallow: bool = False
    hold_seconds: float = 0.0


NONE = Fault()


@dataclass(kw_only=True)
class FaultProxy:
    """A running proxy on `port` of loopback, in front of `(host, port)` or the path of a Unix socket."""

    upstream: tuple[str, int] | str
    port: int = 0
    connections: int = 0
    swallowed: int = 0
    _fault: Fault = NONE
    _scripted: list[Fault] = field(default_factory=list)
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def misbehave(self, fault: Fault) -> None:
        """Do this to every connection from now on, whatever was planned; NONE behaves again."""
        self._fault = fault
        self._scripted.clear()

    def fail_next(self, *faults: Fault) -> None:
        """Do these to the next connections, one each, before the lasting fault applies."""
        self._scripted += faults

    def pause(self) -> None:
        """Let nothing through, either way, until `resume`: the network is down and nobody is told."""
        self._flowing.clear()

    def resume(self) -> None:
        """Let everything through again, what was held back first."""
        self._flowing.set()

    async def cut_all(self) -> None:
        """Break every open connection now."""
        for task in (tasks := list(self._open)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        fault = self._scripted.pop(0) if self._scripted else self._fault
        try:
            await self._pass_on(fault, reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # what nobody reads any more would keep it open for ever
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(task)
            _close(writer, reset=fault.reset)

    async def _pass_on(self, fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if fault.black_hole:
            while await reader.read(_CHUNK):
                pass
            return
        if isinstance(self.upstream, str):
            there, back = await asyncio.open_unix_connection(self.upstream)
        else:
            there, back = await asyncio.open_connection(*self.upstream)
        answer = self._keep(fault, there) if fault.swallow else self._copy(fault, there, writer, fault.cut_after)
        ways = [
            asyncio.ensure_future(self._copy(fault, reader, back, fault.cut_request_after)),
            asyncio.ensure_future(answer),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            _close(back, reset=fault.reset)

    async def _copy(
        self, fault: Fault, source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None
    ) -> None:
        left = most
        while left != 0 and (chunk := await source.read(_CHUNK)):
            await asyncio.sleep(fault.latency_seconds)
            await self._flowing.wait()
            piece = chunk if left is None else chunk[:left]
            left = left if left is None else left - len(piece)
            target.write(piece)
            await target.drain()

    async def _keep(self, fault: Fault, source: asyncio.StreamReader) -> None:
        """Wait until the whole answer must be there, and tell nobody."""
        if await source.read(_CHUNK):
            self.swallowed += 1
            await asyncio.sleep(fault.hold_seconds)


def _close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    handle = writer.get_extra_info("socket")
    if reset and handle is not None and handle.family != socket.AF_UNIX:
        with suppress(OSError):
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort() if reset else writer.close()


@asynccontextmanager
async def fault_proxy(upstream: tuple[str, int] | str, *, port: int = 0) -> AsyncIterator[FaultProxy]:
    """Run a proxy for the while; port 0 takes any free one."""
    proxy = FaultProxy(upstream=upstream)
    proxy.resume()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port, backlog=512)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await asyncio.sleep(0)  # whoever was let in last is among the open ones by then
        await proxy.cut_all()
