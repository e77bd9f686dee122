"""Files that customers sent are fetched, checked and kept by what they are; what cannot be had says why."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import asyncpg
import people
import pytest

from channels.errors import Rejected, SendError, Unavailable
from channels.media import FetchedMedia
from gateway.domain.messages import Attachment, InboundMessage, Sender
from gateway.domain.people import tel
from gateway.intake.media import fetch_waiting
from gateway.redis.notifier import Notifier
from gateway.runtime.files import Files, Folder, real_type

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@dataclass
class Source:
    """An adapter that keeps files: what is there, or why not."""

    answer: bytes | SendError
    asked: list[Attachment] = field(default_factory=list)

    def adapter_for(self, _endpoint_key: str) -> "Source":
        return self

    async def fetch_media(self, attachment: Attachment) -> FetchedMedia:
        self.asked.append(attachment)
        if isinstance(self.answer, SendError):
            raise self.answer
        return FetchedMedia(self.answer, "image/jpeg")


async def wait_for(pool: asyncpg.Pool, *, digest: str | None = None) -> None:
    person = await people.someone(pool)
    message_id = await pool.fetchval(
        "INSERT INTO message (contact_id, conversation_id, direction, channel, author, text)"
        " VALUES ($1, $2, 'inbound', 'sms', 'דנה', '') RETURNING id",
        person.contact_id,
        person.conversation_id,
    )
    await pool.execute(
        "INSERT INTO attachment (message_id, contact_id, media_type, sha256, remote, state)"
        " VALUES ($1, $2, 'image/jpeg', $3, $4, 'waiting')",
        *(message_id, person.contact_id, digest),
        {"url": "https://provider/1", "media_id": None, "endpoint": people.SMS.key},
    )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(Folder(tmp_path))


async def test_a_file_is_fetched_and_kept_as_what_it_really_is(pool: asyncpg.Pool, files: Files):
    await wait_for(pool)
    source = Source(PNG)

    assert await fetch_waiting(pool, source, files, notifier=Notifier(None)) == 1

    row = await pool.fetchrow("SELECT state, sha256, media_type, size_bytes FROM attachment")
    assert row == ("stored", sha256(PNG).hexdigest(), "image/png", len(PNG))
    assert await files.read(row["sha256"]) == PNG
    assert source.asked[0].url == "https://provider/1"
    assert await fetch_waiting(pool, source, files, notifier=Notifier(None)) == 0


@pytest.mark.parametrize(
    ("answer", "digest", "age", "state"),
    [
        pytest.param(Rejected("too large"), None, "0 h", "failed", id="never to be had"),
        pytest.param(Unavailable("away"), None, "0 h", "waiting", id="not now: it waits"),
        pytest.param(Unavailable("away"), None, "25 h", "failed", id="not for a day: given up"),
        pytest.param(PNG, "0" * 64, "25 h", "failed", id="not what was announced"),
    ],
)
async def test_a_file_that_cannot_be_had_says_why(
    pool: asyncpg.Pool, files: Files, answer: bytes | SendError, digest: str | None, age: str, state: str
):
    await wait_for(pool, digest=digest)
    await pool.execute("UPDATE attachment SET created_at = now() - $1::text::interval", age)

    assert await fetch_waiting(pool, Source(answer), files, notifier=Notifier(None)) == 0

    row = await pool.fetchrow("SELECT state, reason FROM attachment")
    assert row["state"] == state
    assert bool(row["reason"]) is (state == "failed")


@pytest.mark.parametrize(
    ("content", "announced", "expected"),
    [
        pytest.param(b"%PDF-1.7\n", "application/pdf", "application/pdf", id="what it says it is"),
        pytest.param(b"<html><script>", "image/png", "text/html", id="a page that says it is a picture"),
        pytest.param("שלום".encode(), "text/plain; charset=utf-8", "text/plain", id="plain text has no signature"),
        pytest.param(b"", "", "application/octet-stream", id="nothing at all"),
    ],
)
def test_the_type_is_told_by_the_bytes(content: bytes, announced: str, expected: str):
    assert real_type(content, announced=announced) == expected


async def test_files_inside_events_are_kept_and_named_by_what_they_hold(files: Files):
    message = InboundMessage(
        endpoint="e",
        provider_id="1",
        sender=Sender(address=tel("+972501234567")),
        attachments=(Attachment(content=b"abc"), Attachment(url="https://provider/1")),
    )

    [kept] = await files.keep([message])

    assert isinstance(kept, InboundMessage)
    first, second = kept.attachments
    assert (first.content, first.sha256, first.size_bytes) == (None, sha256(b"abc").hexdigest(), 3)
    assert second == message.attachments[1]
    assert await files.read(first.sha256 or "") == b"abc"
    assert await files.write(b"abc") == first.sha256


async def test_a_full_disk_leaves_the_message_without_its_file(tmp_path: Path):
    (tmp_path / "media").write_text("not a folder")
    broken = Files(Folder(tmp_path / "media"))
    message = InboundMessage(
        endpoint="e", provider_id="1", sender=Sender(address=tel("+1")), attachments=(Attachment(content=b"abc"),)
    )

    [kept] = await broken.keep([message])

    assert isinstance(kept, InboundMessage)
    assert (kept.attachments[0].sha256, kept.attachments[0].size_bytes) == (None, 3)


async def test_a_file_that_is_not_there_is_not_found(files: Files):
    with pytest.raises(FileNotFoundError):
        await files.read("0" * 64)
