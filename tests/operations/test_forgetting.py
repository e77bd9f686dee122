"""A person is planted wherever data can be, erased, and looked for everywhere: nothing of them is left."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import people
import provider as providers
import pytest
from people import Someone
from senders import sending, settled
from web_kit import PHONE as BYSTANDER

from gateway.domain.agents import Role
from gateway.domain.channel import Channel, Provider, endpoint_key
from gateway.domain.consent import Purpose
from gateway.domain.errors import Refused
from gateway.domain.messages import Verification
from gateway.domain.outbox import Lane, Route
from gateway.intake.arrival import RawPayload
from gateway.intake.spool import Spool
from gateway.operations import erasure
from gateway.operations.store import erasure as store
from gateway.outbox.budgets import over_pair_limit
from gateway.people import merging
from gateway.redis import keys
from gateway.redis.rate_limits import RateLimiter
from gateway.runtime import clock

PHONE = "+972509990001"
MAIL = "canary@example.net"
CANARIES = ("canary", "972509990001")


async def find_everywhere(pool, redis, folder: Path) -> list[str]:
    """Every place that holds a canary: columns of any table, Redis, and files of the data folder."""
    places = []
    columns = await pool.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    for table, column, kind in columns:
        words = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
        for canary in CANARIES:
            sql = f"SELECT count(*) FROM {table} WHERE lower({words}) LIKE '%' || $1 || '%'"
            if await pool.fetchval(sql, canary):
                places.append(f"{table}.{column}")
    for name in await redis.keys():
        words = str(name) + str(await read_key(redis, name))
        places += [f"redis {name!r}" for canary in CANARIES if canary in words.lower()]
    return sorted({*places, *find_in_files(folder)})


def find_in_files(folder: Path) -> list[str]:
    """Every file that holds a canary; the spool keeps bodies in base64, so its entries are read as the app would."""
    places = []
    for path in filter(Path.is_file, folder.rglob("*")):
        words = path.read_bytes().lower() + path.name.lower().encode()
        if path.suffix == ".spool":
            with path.open() as lock:
                words = b" ".join(each.body.lower() for each in Spool(path, lock).peek(10_000))
        places += [path.name for canary in CANARIES if canary.encode() in words]
    return places


async def read_key(redis, name: bytes) -> object:
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"stream": redis.xrange,
    }
    return await readers[await redis.type(name)](name)


async def send_on_whatsapp(redis_url: str, endpoint_id: int, address_id: int) -> None:
    """Leave in Redis what sending leaves there."""
    rates = RateLimiter(redis_url)
    sent = SimpleNamespace(
        delivery_id=1,
        channel=Channel.WHATSAPP,
        endpoint_id=endpoint_id,
        endpoint_key=endpoint_key(Provider.WHATSAPP_CLOUD, Channel.WHATSAPP, "200000000000001"),
        address_id=address_id,
    )
    assert await over_pair_limit([sent], rates=rates) == set()
    await rates.close()


async def plant(office) -> Someone:
    """A customer with three channels, a case, files, an answered survey, statuses, a code, a merge, odd payloads."""
    pool, files = office.pool, office.services.files
    await office.text("CANARY-TEXT אני רוצה נציג", sender=PHONE)
    await office.whatsapp_text("CANARY-WHATSAPP", sender=PHONE, name="CANARY-NAME")
    await office.mail("CANARY-MAIL", sender=MAIL, subject="CANARY-SUBJECT", verification=Verification.ALIGNED)
    await office.mail("CANARY-FORGED", sender=MAIL, subject="x", verification=Verification.NONE)
    contact_id, mail_contact_id = [
        await pool.fetchval("SELECT contact_id FROM address WHERE uri = $1 AND proven", uri)
        for uri in (f"tel:{PHONE}", f"mailto:{MAIL}")
    ]
    await merging.merge_by_agent(pool, mail_contact_id, contact_id, actor="CANARY-AGENT-WORDS")
    conversation_id = await office.conversation_of(f"tel:{PHONE}")
    address_ids = {
        "tel": await pool.fetchval("SELECT id FROM address WHERE uri = $1", f"tel:{PHONE}"),
    }
    message_id = await pool.fetchval("SELECT max(id) FROM message WHERE conversation_id = $1", conversation_id)
    for content in (b"CANARY-FILE", b"a file that others have too"):
        await pool.execute(
            "INSERT INTO attachment (message_id, contact_id, filename, media_type, sha256, state)"
            " VALUES ($1, $2, 'CANARY.txt', 'text/plain', $3, 'stored')",
            *(message_id, contact_id, await files.write(content)),
        )
    await pool.execute(
        "INSERT INTO survey_answer (contact_id, conversation_id, message_id, subject, words)"
        " VALUES ($1, $2, $3, 's', $4)",
        *(contact_id, conversation_id, message_id, "CANARY-SURVEY"),
    )
    await pool.execute(
        "INSERT INTO address_proof (contact_id, address_id, code_hash, expires_at) VALUES ($1, $2, 'CANARY', now())",
        *(contact_id, address_ids["tel"]),
    )
    agent_id = await office.hire(Role.AGENT)
    await pool.execute("INSERT INTO conversation_seen VALUES ($1, $2, $3)", agent_id, conversation_id, message_id)
    delivery_id, endpoint_id = await pool.fetchrow(
        "UPDATE delivery SET status = 'failed', reason = 'CANARY', provider_id = $2 WHERE id ="
        " (SELECT min(id) FROM delivery WHERE conversation_id = $1) RETURNING id, endpoint_id",
        *(conversation_id, f"SM{'c' * 32}"),
    )
    for known in (delivery_id, None):
        await pool.execute(
            "INSERT INTO delivery_event (delivery_id, endpoint_id, provider_id, status, reason)"
            " VALUES ($1, $2, $3, $4, 'CANARY')",
            *(known, endpoint_id, f"SM{'c' * 32}", "sent" if known else "delivered"),
        )
    await pool.execute(
        "INSERT INTO raw_payload (source, body, received_at, problem) VALUES ('twilio', $1, now(), 'unreadable')",
        b"From=%2B972509990001&Body=CANARY-UNREADABLE",
    )
    await pool.execute(
        "INSERT INTO raw_payload (source, body, received_at) VALUES ('mail', $1, now())",
        b"From: Canary@Example.net\r\n\r\nCANARY",
    )
    await send_on_whatsapp(office.services.settings.redis_url, endpoint_id, address_ids["tel"])
    return Someone(contact_id=contact_id, conversation_id=conversation_id, address_ids=address_ids)


def payload(body: bytes) -> RawPayload:
    return RawPayload(
        source="twilio", target="/webhooks/twilio/message", headers={}, body=body, received_at=clock.now()
    )


async def leave_on_spool(folder: Path, *bodies: bytes) -> None:
    """What an app that died while PostgreSQL was away leaves behind."""
    spool = Spool.open(folder)
    await spool.append([payload(body) for body in bodies])
    spool.close()


async def forget(office, redis, who: str) -> dict[str, int]:
    found, _ = await erasure.find_person(office.pool, who, region="IL")
    return await erasure.erase(
        office.pool,
        office.services.files,
        found,
        redis=redis,
        notifier=office.services.notifier,
        spool_folder=office.services.settings.spool_folder,
        actor="test",
    )


@pytest.mark.parametrize("who", ["050-999-0001", f"tel:{PHONE}", "Canary@Example.net", "contact"])
async def test_nothing_of_an_erased_person_is_left_anywhere_and_nothing_of_others_is_touched(
    office, redis, tmp_path, who
):
    pool, files, folder = office.pool, office.services.files, office.services.settings.spool_folder
    await office.text("מה שעות הפתיחה?")
    bystander = await pool.fetchval("SELECT id FROM message WHERE direction = 'inbound'")
    others_file = await files.write(b"a file that others have too")
    await pool.execute(
        "INSERT INTO attachment (message_id, contact_id, media_type, sha256, state)"
        " SELECT id, contact_id, 'text/plain', $2, 'stored' FROM message WHERE id = $1",
        *(bystander, others_file),
    )
    before = await pool.fetch("SELECT to_jsonb(m) - 'id' AS m FROM message m WHERE direction = 'inbound' ORDER BY id")
    person = await plant(office)
    await leave_on_spool(folder, b"From=%2B972509990001&Body=CANARY-SPOOLED", b"From=%2B972501234567&Body=other")
    assert len(await find_everywhere(pool, redis, tmp_path)) >= 15
    assert len(await redis.keys(keys.ALL_PAIRS)) == 1

    counts = await forget(office, redis, f"contact:{person.contact_id}" if who == "contact" else who)
    # The forged mail's contact is another: the phone does not lead to it, the mail address does.
    if "@" not in who:
        await forget(office, redis, MAIL)

    assert await find_everywhere(pool, redis, tmp_path) == []
    assert await redis.keys(keys.ALL_PAIRS) == []
    assert (counts["spooled"], counts["file"], counts["attachment"]) == (1, 1, 2)
    after = await pool.fetch("SELECT to_jsonb(m) - 'id' AS m FROM message m WHERE direction = 'inbound' ORDER BY id")
    assert after == before
    assert await files.read(others_file) == b"a file that others have too"
    assert await pool.fetchval("SELECT count(*) FROM address WHERE uri = $1", f"tel:{BYSTANDER}") == 1
    spool = Spool.open(folder)
    assert [each.body for each in spool.peek(10)] == [b"From=%2B972501234567&Body=other"]
    spool.close()
    assert await pool.fetchval("SELECT count(*) FROM erasure WHERE actor = 'test'") >= 1
    with pytest.raises(Refused):
        await forget(office, redis, PHONE)


async def test_an_erased_person_who_had_opted_out_stays_so_when_they_write_again(office, redis):
    pool = office.pool
    await office.text("הסר", sender=PHONE)
    opted_out = await pool.fetchval("SELECT opted_out FROM address WHERE uri = $1", f"tel:{PHONE}")
    assert opted_out
    await forget(office, redis, PHONE)
    assert await find_everywhere(pool, redis, office.services.settings.data) == []

    await office.text("שלום, אפשר עזרה?", sender=PHONE)
    row = await pool.fetchrow("SELECT * FROM address WHERE uri = $1", f"tel:{PHONE}")
    assert row["opted_out"] == opted_out
    assert await pool.fetchval("SELECT count(*) FROM message WHERE direction = 'inbound'") == 1
    account = replace(office.twilio, api_base="http://127.0.0.1:9")
    endpoint_id = await pool.fetchval("SELECT id FROM endpoint WHERE key = $1", account.endpoints[0].key)
    person = Someone(
        contact_id=row["contact_id"],
        conversation_id=await office.conversation_of(f"tel:{PHONE}"),
        address_ids={"tel": row["id"]},
    )
    await people.queue(
        pool,
        people.draft(
            person,
            Route(endpoint_id=endpoint_id, address_id=row["id"], channel="sms"),
            "מבצע",
            lane=Lane.TRANSACTIONAL,
            purpose=Purpose.NOTICE,
        ),
    )
    async with providers.running() as provider, sending(pool, replace(account, api_base=provider.url)):
        await settled(pool)
    assert "מבצע" not in provider.texts


async def test_who_had_not_opted_out_or_came_back_comes_as_anyone(office, redis):
    pool = office.pool
    for words in (["שלום"], ["הסר", "התחל"]):
        for each in words:
            await office.text(each, sender=PHONE)
        await forget(office, redis, PHONE)
        assert await pool.fetchval("SELECT count(*) FROM suppression") == 0
    await office.text("הסר", sender=PHONE)
    await forget(office, redis, PHONE)
    await office.text("התחל", sender=PHONE)
    await forget(office, redis, PHONE)
    assert await pool.fetchval("SELECT count(*) FROM suppression") == 0


async def test_a_message_that_arrives_during_the_erasure_is_a_new_person_s(office):
    await office.text("ראשונה", sender=PHONE)
    found, _ = await erasure.find_person(office.pool, PHONE, region="IL")
    async with office.pool.acquire() as connection, connection.transaction():
        await store.lock(connection, found)
        writing = asyncio.create_task(office.text("שנייה", sender=PHONE))
        await asyncio.sleep(0.2)
        await store.erase(connection, found, actor="test")
    assert (await writing).status == 200
    rows = await office.pool.fetch("SELECT text, contact_id FROM message WHERE direction = 'inbound'")
    assert [row["text"] for row in rows] == ["שנייה"]
    assert rows[0]["contact_id"] not in found.contact_ids


async def test_the_hashes_cannot_be_made_without_the_key(pool, office):
    """A pool without the key, such as one of a stranger with a copy of the database, erases and recognises nobody."""
    await office.text("הסר", sender=PHONE)
    found, _ = await erasure.find_person(pool, PHONE, region="IL")
    async with pool.acquire() as connection:
        with pytest.raises(Exception, match=r"eshnav\.erasure_key"):
            await store.erase(connection, found, actor="test")


@pytest.mark.parametrize("who", ["contact:²", "contact:9223372036854775808"])
async def test_a_contact_that_cannot_be_is_nobody(office, redis, who):
    with pytest.raises(Refused):
        await forget(office, redis, who)
