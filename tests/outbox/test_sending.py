"""The sender loop with the real Twilio adapter, a real database and a provider on loopback."""

import asyncio
import time
from datetime import UTC, datetime

import asyncpg
import people
import provider as providers
import pytest
from msgspec.structs import replace
from people import draft, queue, someone, twilio
from redis.asyncio import Redis
from senders import sending, settled, until

from gateway.domain.account import ApprovedTemplate
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Claimed, Lane, Route
from gateway.outbox.budgets import Limits
from gateway.redis.notifier import Notifier


@pytest.fixture
async def ours(pool: asyncpg.Pool) -> dict[Channel, int]:
    return await people.endpoints(pool)


def route(person: people.Someone, ours: dict[Channel, int], channel: Channel = Channel.SMS) -> Route:
    scheme = "mailto" if channel is Channel.EMAIL else "tel"
    return Route(address_id=person.address_ids[scheme], endpoint_id=ours[channel], channel=channel)


async def test_everything_queued_goes_out_once_and_each_contacts_messages_in_order(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    crowd = [await someone(pool) for _ in range(10)]
    await queue(
        pool,
        *(
            draft(
                person,
                route(person, ours),
                f"{person.contact_id}:{n}a",
                parts=(f"{n}a {person.contact_id}", f"{n}b {person.contact_id}"),
            )
            for n in range(5)
            for person in crowd
        ),
    )
    async with (
        providers.running(delay_seconds=0.002) as provider,
        sending(pool, twilio(api_base=provider.url), name="one"),
        sending(pool, twilio(api_base=provider.url), name="two"),
    ):
        assert await settled(pool) == {"sent": 100}

    assert provider.repeated == []
    for person in crowd:
        texts = [text for text in provider.texts if text.endswith(f" {person.contact_id}")]
        assert [text.split()[0] for text in texts] == [f"{n}{part}" for n in range(5) for part in "ab"]
    assert await pool.fetchval("SELECT count(DISTINCT provider_id) FROM delivery") == 100


async def test_a_ring_wakes_the_sender_at_once(pool: asyncpg.Pool, ours: dict[Channel, int], redis_url: str):
    person, notifier = await someone(pool), Notifier(redis_url)
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url), redis_url=redis_url):
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await queue(pool, draft(person, route(person, ours)))
        await notifier.wake_senders()
        await until(lambda: provider.texts)
        assert time.monotonic() - started < 0.3
    await notifier.close()


async def test_without_redis_due_work_is_found_within_about_a_second(pool: asyncpg.Pool, ours: dict[Channel, int]):
    person = await someone(pool)
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url)):
        await asyncio.sleep(0.2)
        await queue(pool, draft(person, route(person, ours)))
        await until(lambda: provider.texts, seconds=1.5)


async def test_redis_flushed_and_its_clients_cut_in_the_middle_loses_nothing(
    pool: asyncpg.Pool, ours: dict[Channel, int], redis: Redis, redis_url: str
):
    await people.flood(pool, ours[Channel.SMS], 600, lane=Lane.TRANSACTIONAL)
    async with (
        providers.running(delay_seconds=0.005) as provider,
        sending(pool, twilio(api_base=provider.url), redis_url=redis_url),
    ):
        await until(lambda: len(provider.messages) > 100)
        await redis.flushall()
        await redis.client_kill_filter(_type="normal", skipme=True)
        await redis.client_kill_filter(_type="pubsub")
        assert await settled(pool) == {"sent": 600}
    assert len(provider.messages) == 600


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        pytest.param((400, 21617, {}), "failed", "21617", id="a message that can never go fails at once"),
        pytest.param((400, 21211, {}), "failed", "21211", id="a bad number fails when there is no other channel"),
        pytest.param((400, 21610, {}), "failed", "21610", id="opted out with the provider"),
        pytest.param((503, 0, {}), "sent", None, id="a provider in trouble is asked again"),
        pytest.param((429, 20429, {"Retry-After": "1"}), "sent", None, id="429 waits as long as it is told"),
        pytest.param(providers.LOST, "unknown", "ServerDisconnectedError", id="a lost answer leaves it unknown"),
    ],
)
async def test_an_error_decides_what_becomes_of_a_delivery(
    pool: asyncpg.Pool, ours: dict[Channel, int], answer: object, status: str, code: str | None
):
    person = await someone(pool)
    await queue(pool, draft(person, route(person, ours)))
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url)):
        provider.script.append(answer)
        await until(lambda: provider.requests)
        async with asyncio.timeout(5):
            while (row := await pool.fetchrow("SELECT status, error_code, reason FROM delivery"))["status"] != status:
                await asyncio.sleep(0.02)
    assert provider.requests == (2 if status == "sent" else 1)
    assert (row["error_code"] or "") == (code or "")
    assert status == "sent" or row["reason"]


async def test_429_rests_the_whole_endpoint_for_as_long_as_it_says_and_spends_no_attempt(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    crowd = [await someone(pool) for _ in range(3)]
    async with providers.running() as provider:
        provider.script.append((429, 20429, {"Retry-After": "1"}))
        await queue(pool, draft(crowd[0], route(crowd[0], ours), "first"))
        async with sending(pool, twilio(api_base=provider.url)):
            await until(lambda: provider.requests)
            async with asyncio.timeout(2):
                while not await pool.fetchval("SELECT paused_reason FROM endpoint WHERE paused_until > now()"):
                    await asyncio.sleep(0.01)
            started = time.monotonic()
            await queue(pool, *(draft(person, route(person, ours), "later") for person in crowd[1:]))
            await until(lambda: len(provider.messages) == 3)
            assert time.monotonic() - started > 0.7
            await settled(pool)
    assert await pool.fetchval("SELECT max(attempts) FROM delivery") == 1


async def test_a_blocked_account_rests_the_endpoint_and_says_why(pool: asyncpg.Pool, ours: dict[Channel, int]):
    person = await someone(pool)
    await queue(pool, draft(person, route(person, ours)))
    async with providers.running() as provider:
        provider.script.append((401, 20003, {}))
        async with sending(pool, twilio(api_base=provider.url)):
            async with asyncio.timeout(5):
                while not await pool.fetchval("SELECT count(*) FROM endpoint WHERE paused_reason IS NOT NULL"):
                    await asyncio.sleep(0.02)
    row = await pool.fetchrow("SELECT status, attempts, reason FROM delivery")
    assert (row["status"], row["attempts"]) == ("queued", 0)
    assert row["reason"]


async def test_a_refused_channel_goes_on_by_the_next_with_all_its_parts(pool: asyncpg.Pool, ours: dict[Channel, int]):
    person = await someone(pool)
    await people.wrote(pool, person, ours[Channel.WHATSAPP])
    await queue(
        pool,
        draft(
            person,
            route(person, ours, Channel.WHATSAPP),
            parts=("one", "two"),
            chain=(route(person, ours),),
        ),
    )
    async with providers.running() as provider:
        provider.script.append((400, 63024, {}))
        async with sending(pool, twilio(api_base=provider.url)):
            await settled(pool)

    rows = await pool.fetch("SELECT channel, status, text, superseded_by FROM delivery ORDER BY id")
    assert [row["status"] for row in rows] == ["failed", "failed", "sent"]
    assert rows[0]["superseded_by"] == rows[1]["superseded_by"] is not None
    assert [(message["To"], message["Body"]) for message in provider.messages] == [
        (f"+97250{person.contact_id:07}", "one\ntwo")
    ]
    assert "whatsapp" in await pool.fetchval("SELECT unreachable FROM address")


async def test_the_next_channel_is_not_used_for_one_who_opted_out_of_it(pool: asyncpg.Pool, ours: dict[Channel, int]):
    person = await someone(pool, "tel:+972501111111", "mailto:d@example.com")
    other = Route(address_id=person.address_ids["mailto"], endpoint_id=ours[Channel.EMAIL], channel=Channel.EMAIL)
    await pool.execute("UPDATE address SET opted_out = '{notice}' WHERE uri LIKE 'mailto:%'")
    await queue(pool, draft(person, route(person, ours), purpose=Purpose.NOTICE, chain=(other,)))
    async with providers.running() as provider:
        provider.script.append((400, 21211, {}))
        async with sending(pool, twilio(api_base=provider.url)):
            assert await settled(pool) == {"failed": 1}


async def test_opted_out_with_the_provider_enters_the_ledger_and_stops_the_rest(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    person = await someone(pool)
    await queue(pool, *(draft(person, route(person, ours), str(n)) for n in range(20)))
    async with providers.running() as provider:
        provider.script.append((400, 21610, {}))
        async with sending(pool, twilio(api_base=provider.url)):
            assert await settled(pool) == {"failed": 1, "suppressed": 19}
    assert provider.messages == []
    assert await pool.fetchval("SELECT opted_out FROM address") == ["any"]
    assert "21610" in await pool.fetchval("SELECT how FROM consent")


async def test_stop_in_the_middle_of_a_thousand_lets_nothing_more_out(pool: asyncpg.Pool, ours: dict[Channel, int]):
    person = await someone(pool)
    await queue(pool, *(draft(person, route(person, ours), str(n)) for n in range(1000)))
    async with (
        providers.running(delay_seconds=0.005) as provider,
        sending(pool, twilio(api_base=provider.url)),
    ):
        await until(lambda: len(provider.messages) >= 5)
        await pool.execute("UPDATE address SET opted_out = '{any}'")
        in_flight = await pool.fetchval("SELECT count(*) FROM delivery WHERE status = 'sending'")
        sent = len(provider.messages)
        counts = await settled(pool)
    assert len(provider.messages) <= sent + in_flight
    assert counts["suppressed"] >= 1000 - sent - in_flight


@pytest.mark.parametrize(
    ("hours_ago", "templates", "expected"),
    [
        pytest.param(23.9, (), {"Body": "שלום"}, id="inside the window the text goes as it is"),
        pytest.param(23.995, (), None, id="the last minute counts as outside"),
        pytest.param(30, (), None, id="outside, with no template, it is never sent"),
        pytest.param(
            30,
            (ApprovedTemplate(ours="*", language="he", name="HXany"),),
            {"ContentSid": "HXany", "ContentVariables": '{"1":"שלום"}'},
            id="outside, a template for any text carries it",
        ),
        pytest.param(
            30,
            (
                ApprovedTemplate(ours="*", language="he", name="HXany"),
                ApprovedTemplate(ours="order_ready", language="en", name="HXen", placeholders=("number",)),
                ApprovedTemplate(ours="order_ready", language="he", name="HXhe", placeholders=("number",)),
            ),
            {"ContentSid": "HXhe", "ContentVariables": '{"1":"17"}'},
            id="outside, the template of this very message in the person's language is best",
        ),
    ],
)
async def test_whatsapps_window_is_kept(
    pool: asyncpg.Pool,
    ours: dict[Channel, int],
    hours_ago: float,
    templates: tuple[ApprovedTemplate, ...],
    expected: dict[str, str] | None,
):
    person = await someone(pool)
    await people.wrote(pool, person, ours[Channel.WHATSAPP], hours_ago=hours_ago)
    values = {"number": "17", "name": "דנה"}
    await queue(pool, draft(person, route(person, ours, Channel.WHATSAPP), template="order_ready", values=values))
    async with (
        providers.running() as provider,
        sending(pool, twilio(api_base=provider.url, templates=templates)),
    ):
        counts = await settled(pool)
    if expected is None:
        assert (counts, provider.requests) == ({"failed": 1}, 0)
        assert "24" in await pool.fetchval("SELECT reason FROM delivery")
    else:
        assert counts == {"sent": 1}
        assert expected.items() <= provider.messages[0].items()


async def test_outside_the_window_without_a_template_the_next_channel_carries_it(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    person = await someone(pool)
    await queue(pool, draft(person, route(person, ours, Channel.WHATSAPP), chain=(route(person, ours),)))
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url)):
        await settled(pool)
    assert [message["From"] for message in provider.messages] == [people.SMS.address]


async def test_replies_pass_a_long_campaign(pool: asyncpg.Pool, ours: dict[Channel, int]):
    slow = replace(people.SMS, sends_per_second=50)
    await people.endpoints(pool, slow, people.WHATSAPP, people.MAIL)
    await people.flood(pool, ours[Channel.SMS], 500, lane=Lane.TRANSACTIONAL)
    person = await someone(pool)
    async with (
        providers.running(delay_seconds=0.01) as provider,
        sending(pool, twilio(slow, people.WHATSAPP, api_base=provider.url)),
    ):
        await until(lambda: len(provider.messages) > 30)
        await queue(pool, draft(person, route(person, ours), "reply"))
        started = time.monotonic()
        await until(lambda: "reply" in provider.texts)
        assert time.monotonic() - started < 1.6
        await pool.execute("UPDATE delivery SET status = 'suppressed' WHERE status = 'queued'")


async def test_an_endpoint_sends_no_faster_than_its_bucket(pool: asyncpg.Pool, redis: Redis, redis_url: str):
    await redis.flushall()
    slow = replace(people.SMS, sends_per_second=20)
    ours = await people.endpoints(pool, slow)
    await people.flood(pool, ours[Channel.SMS], 50, lane=Lane.REPLY)
    async with providers.running() as provider:
        account = twilio(slow, api_base=provider.url)
        started = time.monotonic()
        async with (
            sending(pool, account, redis_url=redis_url, name="one"),
            sending(pool, account, redis_url=redis_url, name="two"),
        ):
            await settled(pool)
        took = time.monotonic() - started
    assert len(provider.messages) == 50
    assert 1.2 < took < 4


async def test_on_shabbat_bulk_is_given_back_untried_and_replies_go_out(
    pool: asyncpg.Pool, ours: dict[Channel, int], monkeypatch: pytest.MonkeyPatch
):
    shabbat = datetime(2099, 11, 21, 10, tzinfo=UTC)
    monkeypatch.setattr("gateway.outbox.sender.now", lambda: shabbat)
    person = await someone(pool)
    bulk = {"lane": Lane.BULK, "purpose": Purpose.NOTICE}
    await queue(pool, draft(person, route(person, ours), "notice", **bulk), draft(person, route(person, ours), "reply"))
    async with providers.running() as provider, sending(pool, twilio(api_base=provider.url)):
        assert await settled(pool) == {"sent": 1, "queued": 1}
        assert provider.texts == ["reply"]
    row = await pool.fetchrow("SELECT due_at, attempts, reason FROM delivery WHERE status = 'queued'")
    assert (row["due_at"], row["attempts"]) == (datetime(2099, 11, 22, 7, tzinfo=UTC), 0)
    assert row["reason"]


class BrokenAdapters:
    """Adapters of which one endpoint's raises what nobody foresaw."""

    def __init__(self) -> None:
        self.calls = 0

    def adapter_for(self, _endpoint_key: str) -> "BrokenAdapters":
        return self

    async def send(self, _outgoing: Claimed) -> None:
        self.calls += 1
        raise ZeroDivisionError


async def test_an_unforeseen_error_is_tried_a_few_times_and_never_ends_the_loop(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    person, adapters = await someone(pool), BrokenAdapters()
    await queue(pool, draft(person, route(person, ours)))
    async with sending(pool, twilio(), adapters=adapters):
        async with asyncio.timeout(20):
            while await pool.fetchval("SELECT status FROM delivery") != "failed":
                await pool.execute("UPDATE delivery SET due_at = now() WHERE status = 'queued'")
                await asyncio.sleep(0.05)
    assert adapters.calls == 3
    assert "ZeroDivisionError" in await pool.fetchval("SELECT reason FROM delivery")


async def test_a_stopping_sender_finishes_what_it_has_in_hand_and_takes_nothing_more(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    await people.flood(pool, ours[Channel.SMS], 200, lane=Lane.REPLY)
    async with providers.running(delay_seconds=0.2) as provider:
        async with sending(pool, twilio(api_base=provider.url), limits=Limits(slots=20, reserved=5)):
            await until(lambda: len(provider.messages) >= 10)
        counts = dict(await pool.fetch("SELECT status, count(*) FROM delivery GROUP BY 1"))
    assert set(counts) == {"sent", "queued"}
    assert counts["sent"] == len(provider.messages)


async def test_what_stands_in_line_for_an_endpoint_that_must_rest_is_given_back_untried(
    pool: asyncpg.Pool, ours: dict[Channel, int]
):
    await people.flood(pool, ours[Channel.SMS], 50, lane=Lane.TRANSACTIONAL)
    async with providers.running() as provider:
        provider.script.append((429, 20429, {"Retry-After": "3600"}))
        async with sending(pool, twilio(api_base=provider.url), limits=Limits(at_once=1)):
            async with asyncio.timeout(10):
                while await pool.fetchval("SELECT count(*) FROM endpoint WHERE paused_until > now()") == 0:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            rows = await pool.fetch("SELECT DISTINCT status, attempts, lease_until FROM delivery")
    assert [tuple(row) for row in rows] == [("queued", 0, None)]
    assert provider.requests == 1
