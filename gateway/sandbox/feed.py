"""Live events for open pages (server-sent events). A page that cannot keep up is told to load everything anew."""

import asyncio
from collections.abc import AsyncIterator

import orjson

_WAITING_EVENTS = 500
_HEARTBEAT_SECONDS = 15.0
_RELOAD = b"event: reload\ndata: {}\n\n"
_CLOSE = b""


class Feed:
    """Everybody who is watching."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[bytes]] = set()
        self._is_closed = False

    @property
    def is_watched(self) -> bool:
        """Somebody has the page open, so that rendering an event is worth the work."""
        return bool(self._watchers)

    def publish(self, kind: str, data: object) -> None:
        """Tell all watchers; `data` is anything JSON can say."""
        if not self._watchers:
            return
        event = b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
        for watcher in self._watchers:
            self._put(watcher, event)

    async def watch(self) -> AsyncIterator[bytes]:
        """Yield events as they are to be written to the wire, with a heartbeat comment when nothing happens."""
        waiting: asyncio.Queue[bytes] = asyncio.Queue(_WAITING_EVENTS)
        self._watchers.add(waiting)
        try:
            while not self._is_closed:
                try:
                    event = await asyncio.wait_for(waiting.get(), _HEARTBEAT_SECONDS)
                except TimeoutError:
                    event = b": still here\n\n"
                if event == _CLOSE:
                    return
                yield event
        finally:
            self._watchers.discard(waiting)

    def close(self) -> None:
        """Send every watcher away, and let in no more."""
        self._is_closed = True
        for watcher in self._watchers:
            self._put(watcher, _CLOSE)

    def _put(self, watcher: asyncio.Queue[bytes], event: bytes) -> None:
        if watcher.full():
            while not watcher.empty():
                watcher.get_nowait()
            watcher.put_nowait(_RELOAD)
        watcher.put_nowait(event)
