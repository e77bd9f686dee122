"""The spool: an append-only file on disk for what came in while PostgreSQL was away, replayed in order later.

An entry counts only once it is flushed to disk. A torn last entry was never acknowledged and is dropped. Replaying
twice is harmless, since intake stores each provider id once, so the place reached is kept in memory alone.
"""

import asyncio
import base64
import fcntl
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Self

import orjson

from channels.contract import Request
from gateway.domain.messages import storable
from gateway.runtime import failpoints
from gateway.runtime.durable import sync_folder
from gateway.runtime.failpoints import Failpoint

_LENGTH = struct.Struct(">I")
_ADOPTED_AT_ONCE = 500


class Spool:
    """One process's spool file; `size` is the number of entries waiting to be replayed."""

    def __init__(self, path: Path, lock: IO[bytes]) -> None:
        self._path = path
        self._lock = lock
        self._read_at = 0
        self.size = self._mend()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Take the first spool of the folder that no living process holds, with all that dead ones left behind.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while (lock := _try_lock(folder / f"{number}.lock")) is None:
            number += 1
        spool = cls(folder / f"{number}.spool", lock)
        for orphan in sorted(folder.glob("*.spool")):
            if orphan != spool._path and (held := _try_lock(orphan.with_suffix(".lock"))) is not None:
                with held:
                    spool._adopt(orphan)
        return spool

    def close(self) -> None:
        """Let another process take this spool."""
        self._lock.close()

    async def append(self, payloads: Sequence[Request]) -> None:
        """Write payloads and wait until the disk has them.

        Raises:
            OSError: the disk is full or failing; nothing may be acknowledged.
        """
        blob = b"".join(_frame(payload) for payload in payloads)
        await asyncio.to_thread(self._write, blob)
        self.size += len(payloads)

    def peek(self, limit: int) -> list[Request]:
        """Read the oldest entries not yet replayed, at most `limit`."""
        oldest: list[Request] = []
        for payload in self._entries():
            oldest.append(payload)
            if len(oldest) == limit:
                break
        return oldest

    def drop(self, payloads: Sequence[Request]) -> None:
        """Forget the oldest entries, which `peek` gave and which are stored now."""
        self._read_at += sum(len(_frame(payload)) for payload in payloads)
        self.size -= len(payloads)
        if self.size == 0:
            self._path.unlink(missing_ok=True)
            self._read_at = 0

    @property
    def name(self) -> str:
        """The name of the file, without its ending."""
        return self._path.stem

    def purge(self, is_unwanted: Callable[[Request], bool]) -> int:
        """Write the file anew without some of its entries; gives how many went.

        Raises:
            OSError: the disk is full or failing; everything is as it was.
        """
        kept, gone = [], 0
        for payload in self._entries():
            if is_unwanted(payload):
                gone += 1
            else:
                kept.append(_frame(payload))
        if gone:
            fresh = self._path.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(b"".join(kept))
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self._path)
            sync_folder(self._path.parent)
            self._read_at, self.size = 0, len(kept)
        return gone

    def _write(self, blob: bytes) -> None:
        is_new = not self._path.exists()
        with self._path.open("ab") as file:
            whole = file.tell()
            try:
                file.write(blob)
                file.flush()
                failpoints.hit(Failpoint.IN_SPOOL)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(whole)
                raise
        if is_new:
            sync_folder(self._path.parent)

    def _mend(self) -> int:
        """Cut off a torn last entry, so that new ones start where a reader looks for them; gives the number left."""
        whole, count = 0, 0
        for payload in self._entries():
            whole += len(_frame(payload))
            count += 1
        if self._path.exists() and self._path.stat().st_size != whole:
            os.truncate(self._path, whole)
        return count

    def _adopt(self, orphan: Path) -> None:
        left = type(self)(orphan, self._lock)
        while batch := left.peek(_ADOPTED_AT_ONCE):
            self._write(b"".join(_frame(payload) for payload in batch))
            self.size += len(batch)
            left.drop(batch)

    def _entries(self) -> Iterator[Request]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read_at)
            while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
                body = file.read(_LENGTH.unpack(head)[0])
                if len(body) < _LENGTH.unpack(head)[0]:
                    return
                yield _read(body)


def _frame(payload: Request) -> bytes:
    body = orjson.dumps(
        {
            "source": payload.source,
            "target": storable(payload.target),
            "headers": {name: storable(value) for name, value in payload.headers.items()},
            "body": base64.b64encode(payload.body).decode(),
            "received_at": payload.received_at.isoformat(),
        }
    )
    return _LENGTH.pack(len(body)) + body


def _read(body: bytes) -> Request:
    entry = orjson.loads(body)
    return Request(
        source=entry["source"],
        target=entry["target"],
        headers=entry["headers"],
        body=base64.b64decode(entry["body"]),
        received_at=datetime.fromisoformat(entry["received_at"]),
    )


def _try_lock(path: Path) -> IO[bytes] | None:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
