"""Two batches in step: while one is being written, the next is read and decided. Nothing of PostgreSQL here.

What keeps every customer's messages in order: a batch begins once the one before has locked its conversations and
decided them, writes once the one before is written, and commits once that one is committed. Should that one fail
instead, it starts over once that one has ended. Nor can two batches wait for each other, one here and one in
PostgreSQL: until it may write, a batch holds nothing that the one before still needs. A ring with a third, of another
process, is possible; the time a batch may take ends it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class PreviousFailed(Exception):
    """The batch before failed; this one starts over once that one has ended."""


class BatchSlot:
    """One batch under way, behind the one before."""

    def __init__(self, size: int, before: "BatchSlot | None", changed: Callable[[], None]) -> None:
        """`size` is the number of payloads; `changed` is called whenever the next one may begin to look."""
        self.size = size
        self.is_decided = False
        loop = asyncio.get_running_loop()
        self.is_written: asyncio.Future[bool] = loop.create_future()
        self.is_committed: asyncio.Future[bool] = loop.create_future()
        self.ended = asyncio.Event()
        self._before = before
        self._changed = changed

    async def decided(self) -> None:
        """Let the next batch begin, and wait until this one may write; nothing is left to lock by then.

        Raises:
            PreviousFailed: the one before failed.
        """
        if not self.is_decided:
            self.is_decided = True
            self._changed()
        await self.may_write()

    async def may_write(self) -> None:
        """Wait until the batch before is written.

        Raises:
            PreviousFailed: it failed.
        """
        if self._before is not None and not await self._before.is_written:
            raise PreviousFailed

    async def may_commit(self) -> None:
        """Wait until the batch before is committed.

        Raises:
            PreviousFailed: it failed.
        """
        if self._before is not None and not await self._before.is_committed:
            raise PreviousFailed

    def written(self) -> None:
        """Let the next batch write: of this one only the commit is left."""
        _tell(self.is_written, well=True)

    @contextmanager
    def to_commit(self) -> Iterator[None]:
        """Enclose the transaction; when it fails, the next batch starts over, should it be under way."""
        try:
            yield
        except BaseException:
            self.is_decided = False
            self._settle(well=False)
            raise
        self._settle(well=True)

    async def behind(self) -> None:
        """Wait until the batch before has ended: committed, spooled or refused."""
        if self._before is not None:
            await self._before.ended.wait()
            self._before = None

    def end(self) -> None:
        """Let go of whoever waits for this batch, however it ended."""
        self._settle(well=False)
        self._before = None
        self.ended.set()
        self._changed()

    def _settle(self, *, well: bool) -> None:
        _tell(self.is_written, well=well)
        _tell(self.is_committed, well=well)


def _tell(news: "asyncio.Future[bool]", *, well: bool) -> None:
    if not news.done():
        news.set_result(well)
