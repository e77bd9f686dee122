"""Fetching the files that customers sent, from where their provider keeps them, into our own storage."""

import asyncio
import hmac
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Protocol, runtime_checkable

import structlog

from channels.errors import SendError
from channels.media import FetchedMedia
from gateway.domain.errors import GatewayError
from gateway.domain.messages import Attachment
from gateway.intake.store import attachments
from gateway.intake.store.attachments import Waiting
from gateway.outbox.dispatcher import Adapters
from gateway.redis.notifier import Notifier
from gateway.runtime.clock import now
from gateway.runtime.files import Files, real_type
from gateway.store.db import Pool

PATIENCE = timedelta(days=1)
_MOST = 100
_AT_ONCE = 8

_log = structlog.get_logger()


@runtime_checkable
class MediaSource(Protocol):
    """An adapter whose provider keeps the files of its messages."""

    async def fetch_media(self, attachment: Attachment) -> FetchedMedia:
        """Download a file.

        Raises:
            SendError: it cannot be had; the kind says whether to try again.
        """
        ...


async def fetch_waiting(
    pool: Pool, adapters: Adapters, files: Files, *, notifier: Notifier, ids: Sequence[int] | None = None
) -> int:
    """Fetch the files that wait, or those of these attachments, and give how many were stored.

    What cannot be fetched for now waits for the next time, for a day at most; then, or when it can never be had, it is
    marked failed with the reason.
    """
    async with pool.acquire() as connection:
        found = await attachments.waiting(connection, ids=ids, most=_MOST)
    stored: list[Waiting] = []
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        fetched = await asyncio.gather(*(_fetch(pool, adapters, files, each) for each in some))
        stored += [each for each, is_stored in zip(some, fetched, strict=True) if is_stored]
    await notifier.announce((each.conversation_id for each in stored), "attachment")
    return len(stored)


async def _fetch(pool: Pool, adapters: Adapters, files: Files, waiting: Waiting) -> bool:
    """Fetch one file; whatever happens to it, the others go on."""
    try:
        media = await _download(adapters, waiting)
        digest = await files.write(media.content)
    except SendError as error:
        is_over = not error.retryable and not error.maybe_sent
        return await _not_fetched(pool, waiting, error.reason, is_over=is_over)
    except (OSError, GatewayError) as error:
        return await _not_fetched(pool, waiting, str(error), is_over=False)
    except Exception as error:  # noqa: BLE001  (one file must not keep the others waiting)
        return await _not_fetched(pool, waiting, f"an unexpected error ({type(error).__name__})", is_over=False)
    async with pool.acquire() as connection:
        await attachments.note_stored(
            connection,
            waiting.attachment_id,
            sha256=digest,
            media_type=real_type(media.content, announced=media.media_type or waiting.attachment.media_type),
            size_bytes=len(media.content),
        )
    return True


async def _download(adapters: Adapters, waiting: Waiting) -> FetchedMedia:
    adapter = adapters.adapter_for(waiting.endpoint_key)
    if not isinstance(adapter, MediaSource):
        raise GatewayError("the channel it came by keeps no files")
    media = await adapter.fetch_media(waiting.attachment)
    announced = waiting.attachment.sha256
    if announced and not hmac.compare_digest(sha256(media.content).hexdigest(), announced.lower()):
        raise GatewayError("what the provider gave is not the file it had announced")
    return media


async def _not_fetched(pool: Pool, waiting: Waiting, reason: str, *, is_over: bool) -> bool:
    _log.info("a file could not be fetched", attachment_id=waiting.attachment_id, reason=reason, is_over=is_over)
    if is_over or now() - waiting.created_at > PATIENCE:
        async with pool.acquire() as connection:
            await attachments.note_failed(connection, waiting.attachment_id, reason)
    return False
