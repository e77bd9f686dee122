"""What is past its time goes, kind by kind; what is not, and what others need, stays."""

from datetime import timedelta

import people
import pytest
from people import SMS

from gateway.config import Retention
from gateway.domain.channel import Channel
from gateway.operations import retention
from gateway.runtime.clock import now
from gateway.runtime.files import Files, Folder

KEEP = Retention(raw_days=30, mail_days=60, problem_days=90, message_days=730, event_days=180, login_days=30)


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(Folder(tmp_path / "media"))


@pytest.fixture
def small_steps(monkeypatch):
    """Steps of two rows, so that every kind takes several."""
    monkeypatch.setattr(retention, "_AT_ONCE", 2)


async def forget(pool, files, keep=KEEP, *, dry=False) -> dict[str, int]:
    gone: dict[str, int] = {}
    async for step in retention.forget_old(pool, files, keep, now=now(), dry=dry):
        gone[step.kind] = gone.get(step.kind, 0) + step.count
    return {kind: count for kind, count in gone.items() if count}


async def raw(pool, *, days, source="twilio", problem=None, is_handled=False):
    await pool.execute(
        "INSERT INTO raw_payload (source, body, received_at, problem, handled_at) VALUES ($1, $2, $3, $4, $5)",
        *(source, f"{days}".encode(), now() - timedelta(days=days), problem, now() if is_handled else None),
    )


async def say(pool, person, endpoint_id, *, days, text="סוד") -> int:
    """An old message with everything that may hang on one."""
    message_id = await pool.fetchval(
        "INSERT INTO message (contact_id, conversation_id, direction, channel, endpoint_id, address_id, author, text,"
        " full_text, html, subject, decision_action, decision_reason, created_at) VALUES"
        " ($1, $2, 'inbound', 'sms', $3, $4, 'contact', $5, $5, $5, $5, 'answer', $6, $7) RETURNING id",
        *(person.contact_id, person.conversation_id, endpoint_id, person.address_ids["tel"], text),
        *({"code": "x", "details": {"words": text}}, now() - timedelta(days=days)),
    )
    await pool.execute(
        "UPDATE conversation SET last_message_id = $2, preview = $3 WHERE id = $1",
        *(person.conversation_id, message_id, text),
    )
    return message_id


async def attach(pool, message_id, contact_id, sha256):
    await pool.execute(
        "INSERT INTO attachment (message_id, contact_id, media_type, sha256, state)"
        " VALUES ($1, $2, 'text/plain', $3, 'stored')",
        *(message_id, contact_id, sha256),
    )


@pytest.mark.parametrize(
    ("row", "is_gone"),
    [
        pytest.param({"days": 31}, True, id="a webhook after its time"),
        pytest.param({"days": 29}, False, id="a webhook before its time"),
        pytest.param({"days": 31, "source": "mail"}, False, id="a mail has its own time"),
        pytest.param({"days": 61, "source": "mail"}, True, id="a mail after its time"),
        pytest.param({"days": 31, "problem": "?"}, False, id="what nobody could read waits for somebody"),
        pytest.param({"days": 31, "problem": "?", "is_handled": True}, True, id="until it is handled"),
        pytest.param({"days": 91, "problem": "?"}, True, id="but not for ever"),
    ],
)
async def test_payloads_go_after_their_time(pool, files, row, is_gone):
    await raw(pool, **row)
    await forget(pool, files)
    assert await pool.fetchval("SELECT count(*) FROM raw_payload") == (0 if is_gone else 1)


@pytest.mark.usefixtures("small_steps")
async def test_nothing_between_the_steps_is_missed(pool, files):
    for days in (100, 50, 45, 44, 43, 42, 41, 1):
        await raw(pool, days=days)
        await raw(pool, days=days, problem="?")
    assert await forget(pool, files) == {"raw_payload": 7 + 1}


async def test_zero_days_is_for_ever(pool, files):
    await raw(pool, days=30_000)
    assert await forget(pool, files, Retention(raw_days=0)) == {}
    assert await pool.fetchval("SELECT count(*) FROM raw_payload") == 1


@pytest.mark.usefixtures("small_steps")
async def test_old_words_go_and_the_fact_that_there_was_a_message_stays(pool, files):
    endpoint_id = (await people.endpoints(pool, SMS))[Channel.SMS]
    quiet, talker = await people.someone(pool), await people.someone(pool)
    for _ in range(5):
        await say(pool, quiet, endpoint_id, days=731)
    await say(pool, talker, endpoint_id, days=731)
    await say(pool, talker, endpoint_id, days=1, text="חדש")

    assert await forget(pool, files) == {"message": 6}
    rows = await pool.fetch("SELECT text, full_text, html, subject, decision_reason, decision_action FROM message")
    assert [tuple(row) for row in rows if row["text"] != "חדש"] == [("", None, None, None, None, "answer")] * 6
    assert [row["text"] for row in rows if row["text"]] == ["חדש"]
    assert await pool.fetchval("SELECT preview FROM conversation WHERE id = $1", quiet.conversation_id) == ""
    assert await pool.fetchval("SELECT preview FROM conversation WHERE id = $1", talker.conversation_id) == "חדש"
    assert await forget(pool, files) == {}


async def test_a_file_goes_with_its_last_message(pool, files):
    endpoint_id = (await people.endpoints(pool, SMS))[Channel.SMS]
    person = await people.someone(pool)
    lonely, shared = await files.write(b"only old"), await files.write(b"old and new")
    old, new = [await say(pool, person, endpoint_id, days=days) for days in (731, 1)]
    await attach(pool, old, person.contact_id, lonely)
    await attach(pool, old, person.contact_id, shared)
    await attach(pool, new, person.contact_id, shared)

    assert (await forget(pool, files))["file"] == 1
    assert await files.read(shared) == b"old and new"
    with pytest.raises(FileNotFoundError):
        await files.read(lonely)
    assert await pool.fetchval("SELECT count(*) FROM unwanted_file") == 0


async def test_a_file_that_cannot_be_deleted_stops_no_other_and_is_tried_again(pool, tmp_path):
    class Stubborn(Folder):
        broken = ""

        async def delete(self, name: str) -> None:
            if name == self.broken:
                raise OSError("not now")
            await super().delete(name)

    folder = Stubborn(tmp_path)
    files = Files(folder)
    stays, goes = sorted([await files.write(b"one"), await files.write(b"two")])
    await pool.executemany("INSERT INTO unwanted_file (sha256) VALUES ($1)", [(stays,), (goes,)])
    folder.broken = f"{stays[:2]}/{stays[2:]}"
    assert await retention.drop_unwanted_files(pool, files) == 1
    folder.broken = ""
    assert await retention.drop_unwanted_files(pool, files) == 1
    assert await pool.fetchval("SELECT count(*) FROM unwanted_file") == 0


async def test_marks_words_events_and_logins_go_after_their_time(pool, files):
    endpoint_id = (await people.endpoints(pool, SMS))[Channel.SMS]
    for days in (731, 181, 31, 1):
        at = now() - timedelta(days=days)
        await pool.execute(
            "INSERT INTO login_attempt (email, peer, succeeded, attempted_at) VALUES ('', '', true, $1)", at
        )
        await pool.execute(
            "INSERT INTO delivery_event (endpoint_id, provider_id, status, received_at) VALUES ($1, $2, 'sent', $3)",
            *(endpoint_id, f"SM{days}", at),
        )
        await pool.execute(
            "INSERT INTO survey_answer (contact_id, conversation_id, message_id, subject, score, words, answered_at)"
            " VALUES (1, 1, 1, 's', 5, 'w', $1)",
            at,
        )
    assert await forget(pool, files) == {"login_attempt": 3, "delivery_event": 2, "survey_answer": 1}
    assert await pool.fetchval("SELECT count(*) FROM survey_answer WHERE score = 5") == 4


@pytest.mark.usefixtures("small_steps")
async def test_a_dry_run_counts_the_same_and_changes_nothing(pool, files):
    endpoint_id = (await people.endpoints(pool, SMS))[Channel.SMS]
    person = await people.someone(pool)
    for _ in range(3):
        await say(pool, person, endpoint_id, days=731)
        await raw(pool, days=99)
    counted = await forget(pool, files, dry=True)
    assert await pool.fetchval("SELECT count(*) FROM raw_payload") == 3
    assert await pool.fetchval("SELECT count(*) FROM message WHERE text = 'סוד'") == 3
    assert counted == await forget(pool, files) == {"message": 3, "raw_payload": 3}


async def test_the_clock_does_the_same_by_itself(pool, database_url, tmp_path, monkeypatch):
    from gateway.jobs import work

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ESHNAV_DATA", str(tmp_path))
    monkeypatch.setenv("RETENTION_RAW_DAYS", "7")
    await raw(pool, days=8)
    assert (await work._forget())["raw_payload"] == 1


async def test_a_conversation_whose_words_are_gone_can_still_be_opened(office, files):
    await office.hire()
    await office.log_in()
    await office.text("מה שעות הפתיחה?")
    await office.pool.execute("UPDATE message SET created_at = created_at - interval '3 years'")
    assert (await forget(office.pool, files))["message"] == 2
    page = await office.client.get(f"/conversations/{await office.conversation_of()}")
    assert page.status == 200
    assert "שעות" not in await page.text()
