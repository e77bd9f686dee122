"""Two batches in step: while one is being written, the next is read and decided. Nothing of PostgreSQL here.

What keeps every customer's messages in order: a batch begins only once the one before has locked its conversations and
decided them, and writes only once the one before is written. Should that one fail instead, the next starts over after
it has ended.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StartOver(Exception):
    """The batch before failed; this one starts over once that one has ended."""


class Flight:
    """One batch under way, behind the one before."""

    def __init__(self, size: int, before: "Flight | None", changed: Callable[[], None]) -> None:
        """`size` is the number of payloads; `changed` is called whenever the next one may begin to look."""
        self.size = size
        self.is_decided = False
        self._before = before
        self._changed = changed
        self.is_written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()

    async def decided(self) -> None:
        """Let the next batch begin, and wait until this one may write.

        Raises:
            StartOver: the one before failed.
        """
        if not self.is_decided:
            self.is_decided = True
            self._changed()
        if self._before is not None and not await self._before.is_written:
            self.is_decided = False
            raise StartOver

    async def alone(self) -> None:
        """Wait until the batch before has ended: what no lock puts in order is put in order by commits."""
        if self._before is not None:
            await self._before.ended.wait()
            self._before = None

    def written(self) -> None:
        """Let the next batch write: of this one only the commit is left."""
        if not self.is_written.done():
            self.is_written.set_result(True)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have the next batch start over, should it be under way, when this one fails within."""
        try:
            yield
        except BaseException:
            self.is_decided = False
            if not self.is_written.done():
                self.is_written.set_result(False)
            raise

    def end(self) -> None:
        """Let go of whoever waits: all of this batch is stored, spooled or refused."""
        self.is_decided = True
        self.written()
        self._before = None
        self.ended.set()
        self._changed()
