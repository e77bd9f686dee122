"""When a delivery goes out: backoff, quiet hours, the breaker, the buckets."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.outbox import Claimed, Lane, OpenEndpoint
from gateway.outbox.breaker import Breaker
from gateway.outbox.budgets import Limits, find_room, give_back
from gateway.outbox.outcomes import not_now
from gateway.outbox.quiet_hours import next_open
from gateway.outbox.retries import PATIENCE, REPLY_PATIENCE, WAITS_SECONDS, next_attempt
from gateway.redis.rate_limits import RateLimiter

HOME = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def local(text: str, zone: ZoneInfo = HOME) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        pytest.param("2026-11-18 12:00", None, id="Wednesday noon is open"),
        pytest.param("2026-11-18 09:00", None, id="nine o'clock sharp is open"),
        pytest.param("2026-11-18 08:59", "2026-11-18 09:00", id="just before nine"),
        pytest.param("2026-11-18 19:59", None, id="just before eight in the evening"),
        pytest.param("2026-11-18 20:00", "2026-11-19 09:00", id="eight in the evening is night"),
        pytest.param("2026-11-19 03:00", "2026-11-19 09:00", id="after midnight, the same morning"),
        pytest.param("2026-11-20 12:59", None, id="Friday before one"),
        pytest.param("2026-11-20 13:00", "2026-11-22 09:00", id="Friday from one on waits until Sunday"),
        pytest.param("2026-11-21 12:00", "2026-11-22 09:00", id="Shabbat"),
        pytest.param("2026-11-21 20:30", "2026-11-22 09:00", id="Saturday night is night"),
        pytest.param("2026-09-20 12:59", None, id="the eve of Yom Kippur before one"),
        pytest.param("2026-09-20 13:00", "2026-09-22 09:00", id="Yom Kippur begins on its eve"),
        pytest.param("2026-09-21 12:00", "2026-09-22 09:00", id="Yom Kippur"),
        pytest.param("2026-09-11 13:00", "2026-09-14 09:00", id="Rosh Hashana after Shabbat"),
        pytest.param("2027-04-21 14:00", "2027-04-23 09:00", id="Pesach, then a Friday"),
        pytest.param("2027-06-10 14:00", "2027-06-13 09:00", id="Shavuot before Shabbat"),
        pytest.param("2026-03-26 21:00", "2026-03-27 09:00", id="the night the clocks go forward"),
        pytest.param("2026-10-24 12:00", "2026-10-25 09:00", id="the night the clocks go back"),
    ],
)
def test_quiet_hours(at: str, opens: str | None):
    assert next_open(local(at)) == local(opens or at)


def test_quiet_hours_are_the_persons_own():
    at = local("2026-11-18 12:00")
    assert next_open(at, "America/New_York") == local("2026-11-18 09:00", ZoneInfo("America/New_York"))
    assert next_open(at, "No/Such_Place") == at
    yom_kippur = local("2026-09-21 18:00")
    assert next_open(yom_kippur, "America/New_York") == yom_kippur


@given(st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_quiet_hours_always_end_at_a_time_that_is_open(at: datetime):
    opens = next_open(at)
    assert at <= opens <= at + timedelta(days=3, hours=20)
    assert next_open(opens) == opens
    assert opens == at or opens.astimezone(HOME).hour == 9


def attempt(**others: object) -> datetime | None:
    values: dict[str, object] = {
        "attempts": 1,
        "lane": Lane.REPLY,
        "created_at": NOW,
        "now": NOW,
        "chance": random.Random(7),
    }
    return next_attempt(**(values | others))


@given(attempts=st.integers(1, len(WAITS_SECONDS)), seed=st.integers())
def test_a_retry_waits_at_most_its_turn(attempts: int, seed: int):
    at = attempt(attempts=attempts, chance=random.Random(seed), lane=Lane.BULK)
    assert at is not None
    assert timedelta(0) <= at - NOW <= timedelta(seconds=WAITS_SECONDS[attempts - 1])


@pytest.mark.parametrize(
    ("others", "gives_up"),
    [
        pytest.param({"attempts": len(WAITS_SECONDS) + 1}, True, id="after the last wait"),
        pytest.param({"created_at": NOW - REPLY_PATIENCE}, True, id="a reply after four hours"),
        pytest.param({"created_at": NOW - REPLY_PATIENCE, "lane": Lane.BULK}, False, id="a notice may wait longer"),
        pytest.param({"created_at": NOW - PATIENCE, "lane": Lane.BULK}, True, id="a notice after a day"),
        pytest.param({"retry_after_seconds": 5 * 3600.0}, True, id="a reply told to wait past its use"),
    ],
)
def test_giving_up(others: dict[str, object], gives_up: bool):
    assert (attempt(**others) is None) is gives_up


def test_a_retry_never_comes_before_the_provider_asks():
    assert attempt(retry_after_seconds=90.0) == NOW + timedelta(seconds=90)


def claimed(**others: object) -> Claimed:
    values: dict[str, object] = {
        **dict.fromkeys(("delivery_id", "message_id", "contact_id", "conversation_id", "address_id", "endpoint_id"), 1),
        **dict.fromkeys(("endpoint_key", "endpoint_address", "account", "to", "text", "subject", "author"), ""),
        "channel": Channel.SMS,
        "lane": Lane.BULK,
        "purpose": Purpose.NOTICE,
        "attempts": 1,
        "created_at": NOW,
        "language": "he",
    }
    return Claimed(**(values | others))


@pytest.mark.parametrize(
    ("others", "at", "due_at"),
    [
        pytest.param({}, "2026-11-18 12:00", None, id="a notice by day goes out"),
        pytest.param({}, "2026-11-18 23:00", "2026-11-19 09:00", id="a notice at night waits for the morning"),
        pytest.param({"lane": Lane.REPLY}, "2026-11-18 23:00", None, id="a reply at night goes out"),
        pytest.param(
            {"lane": Lane.TRANSACTIONAL}, "2026-11-21 12:00", None, id="what the person caused has no Shabbat"
        ),
        pytest.param({"zone": "America/New_York"}, "2026-11-18 12:00", "2026-11-18 16:00", id="it is night over there"),
        pytest.param(
            {"purpose": Purpose.MARKETING, "capped_since": local("2026-11-18 10:00")},
            "2026-11-18 12:00",
            "2026-11-19 10:00",
            id="one too many today waits for tomorrow",
        ),
        pytest.param(
            {"capped_since": local("2026-11-18 10:00")}, "2026-11-18 12:00", None, id="only promotions are counted"
        ),
    ],
)
def test_what_nobody_asked_for_waits_for_its_time(others: dict[str, object], at: str, due_at: str | None):
    outcome = not_now(claimed(**others), local(at))
    assert (outcome and outcome.due_at) == (local(due_at) if due_at else None)


@pytest.mark.parametrize(
    ("in_flight", "slots", "slots_not_replies"),
    [
        pytest.param([], 8, 6, id="two of eight slots are for replies alone"),
        pytest.param([Lane.BULK] * 6, 2, 0, id="bulk has filled all it may"),
        pytest.param([Lane.REPLY] * 3, 5, 6, id="replies take nothing from bulk's share"),
    ],
)
async def test_room_is_kept_for_replies(in_flight: list[Lane], slots: int, slots_not_replies: int):
    endpoint = OpenEndpoint(endpoint_id=1, key="e", sends_per_second=5.0)
    busy = [claimed(lane=lane) for lane in in_flight]
    rates = RateLimiter(None)
    room = await find_room([endpoint], busy, limits=Limits(slots=8, reserved=2), rates=rates)
    assert (room.slots, room.slots_not_replies) == (slots, slots_not_replies)
    [budget] = room.budgets
    assert budget.most - budget.most_not_replies in (0, 1)


async def test_the_last_of_a_bucket_is_for_replies():
    endpoint, rates = OpenEndpoint(endpoint_id=1, key="e", sends_per_second=0.001), RateLimiter(None)
    room = await find_room([endpoint], [], limits=Limits(), rates=rates)
    assert [(each.most, each.most_not_replies) for each in room.budgets] == [(2, 1)]
    await give_back(room, [endpoint], [claimed()], rates=rates)
    room = await find_room([endpoint], [], limits=Limits(), rates=rates)
    assert [(each.most, each.most_not_replies) for each in room.budgets] == [(1, 0)]
    assert room.is_dry


async def test_a_fifth_of_each_bucket_is_kept_for_replies():
    endpoint = OpenEndpoint(endpoint_id=1, key="e", sends_per_second=10.0)
    room = await find_room([endpoint], [], limits=Limits(), rates=RateLimiter(None))
    assert [(each.most, each.most_not_replies) for each in room.budgets] == [(10, 8)]


def test_the_breaker_opens_at_half_of_twenty_and_then_lets_one_try():
    breaker = Breaker()
    assert not any(breaker.note(is_available=each % 2 == 0) for each in range(19))
    assert breaker.note(is_available=False)
    assert breaker.is_probing
    assert breaker.note(is_available=False)
    assert not breaker.note(is_available=True)
    assert not breaker.is_probing


def test_the_breaker_stays_shut_while_most_goes_through():
    breaker = Breaker()
    assert not any(breaker.note(is_available=each % 3 != 0) for each in range(100))
