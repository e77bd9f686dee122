"""The short way of webhooks: a request that comes whole and plain is answered without the web framework.

The framework takes longer over such a request than verifying and reading it. A connection starts on the short way and
leaves it for good with the first bytes that are anything else, so that no byte is ever read by both: ordinary HTTP,
with all it may hold, is left to aiohttp from there on.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import cast

import structlog
from msgspec import Struct

from channels.contract import Request
from gateway.runtime import clock

log = structlog.get_logger(__name__)

IDLE_SECONDS = 30.0
DRAIN_SECONDS = 15.0
LARGEST_BODY_BYTES = 256 * 1024
_LARGEST_HEAD = 8 * 1024
_MOST_FIELDS = 100
_LENGTH = re.compile(r"[0-9]{1,6}")
_PLAIN_POST = re.compile(rb"POST (/[!-~]*+) HTTP/1\.1\r\n((?:[A-Za-z0-9-]++:[\t -~]*+\r\n)++)\r\n")
_FIELD = re.compile(rb"([A-Za-z0-9-]++):([\t -~]*+)\r\n")
_NOT_PLAIN = frozenset({"transfer-encoding", "content-encoding", "expect", "upgrade", "trailer"})


class Answer(Struct, frozen=True, kw_only=True):
    """What a webhook is told."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = {}


Webhook = Callable[[Request], Awaitable[Answer]]


def parse_simple_post(data: bytes) -> Request | None:
    """Read bytes that are one whole request, or give None where there is anything to wonder about.

    That is: a POST of printable ASCII but for its body, no field twice, none that changes how a body is read, and the
    body there to its last byte, with nothing behind it.
    """
    head = _PLAIN_POST.match(data, 0, _LARGEST_HEAD)
    if head is None:
        return None
    fields = _FIELD.findall(head[2])
    headers = {name.decode().lower(): value.decode().strip() for name, value in fields}
    if len(headers) != len(fields) or len(fields) > _MOST_FIELDS or not _are_plain(headers):
        return None
    body = data[head.end() :]
    if len(body) != int(headers["content-length"]) or len(body) > LARGEST_BODY_BYTES:
        return None
    return Request(method="POST", target=head[1].decode(), headers=headers, body=body, received_at=clock.now())


def _are_plain(headers: Mapping[str, str]) -> bool:
    return (
        "host" in headers
        and _LENGTH.fullmatch(headers.get("content-length", "")) is not None
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
        and _NOT_PLAIN.isdisjoint(headers)
    )


class FastPath:
    """Makes the protocol of each connection, and lets what is under way end before the process does."""

    def __init__(self, webhooks: Mapping[str, Webhook], ordinary: Callable[[], asyncio.Protocol]) -> None:
        """Serve these paths; `ordinary` makes the protocol that takes over connections with anything else."""
        self._webhooks = webhooks
        self._ordinary = ordinary
        self._connections: set[_Connection] = set()

    def connection(self) -> asyncio.Protocol:
        """Make the protocol of one connection."""
        return _Connection(self._webhooks, self._ordinary, self._connections)

    async def drain(self) -> None:
        """Answer what is under way, and close every connection that is still on the short way."""
        ending = [task for each in list(self._connections) if (task := each.end()) is not None]
        if ending:
            await asyncio.wait(ending, timeout=DRAIN_SECONDS)


class _Connection(asyncio.Protocol):
    """One connection: on the short way until `_inner` takes over."""

    def __init__(
        self,
        webhooks: Mapping[str, Webhook],
        ordinary: Callable[[], asyncio.Protocol],
        connections: "set[_Connection]",
    ) -> None:
        self._webhooks = webhooks
        self._ordinary = ordinary
        self._connections = connections
        self._inner: asyncio.Protocol | None = None
        self._answering: asyncio.Task[None] | None = None
        self._behind = b""
        self._is_ending = False
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin on the short way."""
        self._transport = cast("asyncio.Transport", transport)
        self._active_at = self._loop.time()
        self._idle = self._loop.call_later(IDLE_SECONDS, self._close_idle)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Answer a plain webhook; anything else goes the ordinary way, and so does all that follows."""
        if self._inner is not None:
            self._inner.data_received(data)
        elif self._answering is not None:
            self._behind += data  # sent before its predecessor was answered; nobody is told to send more
            self._transport.pause_reading()
        else:
            request = parse_simple_post(data)
            webhook = self._webhooks.get(request.target.partition("?")[0]) if request is not None else None
            if request is None or webhook is None:
                self._leave(data)
            else:
                self._active_at = self._loop.time()
                self._answering = self._loop.create_task(self._answer(webhook, request))

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection; what is under way is still taken in."""
        self._idle.cancel()
        self._connections.discard(self)
        if self._inner is not None:
            self._inner.connection_lost(error)

    def eof_received(self) -> bool | None:
        """Keep the connection open for an answer that is still due, and no longer."""
        if self._inner is not None:
            return self._inner.eof_received()
        self._is_ending = True
        return self._answering is not None

    def pause_writing(self) -> None:
        """Let aiohttp wait for a slow reader; who leaves many short answers unread is no provider, and is cut off."""
        if self._inner is not None:
            self._inner.pause_writing()
        else:
            self._transport.abort()

    def resume_writing(self) -> None:
        """Tell it that the client caught up."""
        if self._inner is not None:
            self._inner.resume_writing()

    def end(self) -> "asyncio.Task[None] | None":
        """Close the connection, after the answer under way when there is one, which is given."""
        self._is_ending = True
        if self._answering is None and self._inner is None:
            self._transport.close()
        return self._answering

    async def _answer(self, webhook: Webhook, request: Request) -> None:
        try:
            answer = await webhook(request)
        except Exception:
            log.exception("webhook_failed", path=request.target.partition("?")[0])
            answer, self._is_ending = Answer(status=500), True
        self._answering = None
        if self._transport.is_closing():
            return
        self._transport.write(_written(answer, closes=self._is_ending))
        self._active_at = self._loop.time()
        if self._is_ending:
            self._transport.close()
        elif self._behind and not self._transport.is_closing():
            behind, self._behind = self._behind, b""
            self._transport.resume_reading()
            self.data_received(behind)

    def _leave(self, data: bytes) -> None:
        """Hand the connection over, with the bytes nobody has read yet."""
        self._idle.cancel()
        self._connections.discard(self)
        self._inner = self._ordinary()
        self._inner.connection_made(self._transport)
        self._inner.data_received(data)

    def _close_idle(self) -> None:
        left = self._active_at + IDLE_SECONDS - self._loop.time()
        if self._answering is not None:
            left = IDLE_SECONDS
        if left > 0:
            self._idle = self._loop.call_later(left, self._close_idle)
        else:
            self._transport.abort()


def _written(answer: Answer, *, closes: bool) -> bytes:
    head = _head(answer.status, answer.content_type, len(answer.body), int(clock.now().timestamp()))
    more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    return head + more.encode() + (b"Connection: close\r\n\r\n" if closes else b"\r\n") + answer.body


@lru_cache(maxsize=32)
def _head(status: int, content_type: str, length: int, now: int) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Date: {formatdate(now, usegmt=True)}"]
    if status != HTTPStatus.NO_CONTENT:
        lines += [f"Content-Length: {length}", f"Content-Type: {content_type}"]
    return "\r\n".join(lines).encode() + b"\r\n"
