"""Where the bytes of attachments are kept: under their SHA-256, in a folder, or in a bucket when a URL names one.

Nothing is ever changed in place, so the same bytes are kept once and can be cached for ever. Who may see
them is not known here.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import puremagic
import structlog
from msgspec.structs import replace

from gateway.config import Settings
from gateway.domain.messages import Attachment, Event, InboundMessage
from gateway.runtime.durable import sync_folder

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SURE_ENOUGH = 0.3
_PLAIN = "application/octet-stream"

_log = structlog.get_logger()


class Storage(Protocol):
    """Keeps bytes under a name; putting the same name twice is harmless, since equal names mean equal bytes."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep the bytes; when this returns they are durable.

        Raises:
            OSError: they could not be kept.
        """
        ...

    async def get(self, name: str) -> bytes:
        """Give the bytes.

        Raises:
            FileNotFoundError: they are not there.
            OSError: they could not be read.
        """
        ...

    async def delete(self, name: str) -> None:
        """Forget the bytes, if they are there.

        Raises:
            OSError: they could not be removed.
        """
        ...


class Files:
    """Attachments by their SHA-256, in hexadecimal."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def write(self, content: bytes) -> str:
        """Keep these bytes and give their SHA-256.

        Raises:
            OSError: they could not be kept.
        """
        digest = hashlib.sha256(content).hexdigest()
        await self._storage.put(_name(digest), content)
        return digest

    async def read(self, sha256: str) -> bytes:
        """Give the bytes.

        Raises:
            FileNotFoundError: they are not there.
            OSError: they could not be read.
        """
        return await self._storage.get(_name(sha256))

    async def delete(self, sha256: str) -> None:
        """Forget the bytes, if they are there.

        Raises:
            OSError: they could not be removed.
        """
        await self._storage.delete(_name(sha256))

    async def keep(self, events: Sequence[Event]) -> list[Event]:
        """Put the files inside these events into storage, and leave their SHA-256 and size in their place.

        A file that cannot be kept is left without either: its message still counts, and its raw payload still has it.
        """
        return [
            replace(event, attachments=tuple([await self._keep(each) for each in event.attachments]))
            if isinstance(event, InboundMessage) and event.attachments
            else event
            for event in events
        ]

    async def _keep(self, attachment: Attachment) -> Attachment:
        content = attachment.content
        if content is None:
            return attachment
        try:
            sha256 = await self.write(content)
        except OSError as error:
            _log.warning("a file could not be kept", error=str(error))
            return replace(attachment, content=None, sha256=None, size_bytes=len(content))
        return replace(attachment, content=None, sha256=sha256, size_bytes=len(content))


def real_type(content: bytes, *, announced: str) -> str:
    """Tell the media type by the bytes themselves, or take the announced one when they do not say."""
    given = announced.partition(";")[0].strip().lower() or _PLAIN
    try:
        found = [match for match in puremagic.magic_string(content) if match.mime_type]
    except (puremagic.PureError, ValueError):
        return given
    if any(match.mime_type == given for match in found):
        return given
    return next((match.mime_type for match in found if match.confidence >= _SURE_ENOUGH), given)


def open_files(settings: Settings) -> Files:
    """Open the configured storage: MEDIA_URL's bucket, or the media folder."""
    if settings.media_url:
        return Files(Bucket(settings.media_url))
    return Files(Folder(settings.media_folder))


class Folder:
    """Bytes as files of a folder, written whole and synced before they get their name."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, content: bytes) -> None:
        """See Storage."""
        await asyncio.to_thread(self._put, self._root / name, content)

    async def get(self, name: str) -> bytes:
        """See Storage."""
        return await asyncio.to_thread((self._root / name).read_bytes)

    async def delete(self, name: str) -> None:
        """See Storage."""
        await asyncio.to_thread((self._root / name).unlink, missing_ok=True)

    def _put(self, path: Path, content: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, fresh = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).rename(path)
        except BaseException:
            with suppress(OSError):
                Path(fresh).unlink()
            raise
        sync_folder(path.parent)


class Bucket:
    """Bytes as objects of a bucket: S3-compatible, `gs://` or `az://`; credentials come the provider's usual way."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: ObjectStore | None = None

    @property
    def _store(self) -> "ObjectStore":
        if self._opened is None:
            # Imported when a bucket is configured, since most installations have none.
            from obstore.store import from_url  # noqa: PLC0415

            self._opened = from_url(self._url)
        return self._opened

    async def put(self, name: str, content: bytes) -> None:
        """See Storage."""
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            await self._store.put_async(name, content)
        except BaseError as error:
            raise OSError(f"the bucket did not take a file: {error}") from error

    async def get(self, name: str) -> bytes:
        """See Storage."""
        from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415

        try:
            found = await self._store.get_async(name)
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise FileNotFoundError(name) from error
        except BaseError as error:
            raise OSError(f"the bucket did not give a file: {error}") from error

    async def delete(self, name: str) -> None:
        """See Storage."""
        from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415

        try:
            with suppress(NotFoundError, FileNotFoundError):
                await self._store.delete_async(name)
        except BaseError as error:
            raise OSError(f"the bucket did not let go of a file: {error}") from error


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:]}"
