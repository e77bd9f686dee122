"""Providers that throttle, fail, hang, or break the connection before or after taking a message."""

import time
from collections.abc import AsyncIterator

import pytest
from customers import check, check_sent_once, say, sayings
from fault_proxy import NONE, Fault
from town import Town, until


@pytest.fixture(autouse=True)
async def _unprejudiced(town: Town) -> AsyncIterator[None]:
    """A worker remembers how a provider failed; the next test's must not."""
    yield
    await town.kill("worker")


async def test_429_is_obeyed_as_long_as_it_says_and_everything_goes_out_once(town: Town):
    await town.run("app", "worker")
    await town.provider_fault(provider="twilio", kind="throttle", count=1, retry_after_seconds=2)
    after, said = await town.newest_delivery(), sayings(10)
    acknowledged = await say(town, said)
    began_at = time.monotonic()
    await town.settled(after)
    assert time.monotonic() - began_at > 1.5, "it did not wait as long as Retry-After says"
    await check(town, said, acknowledged)
    assert await check_sent_once(town, after) == 0
    assert await town.pool.fetchval("SELECT max(attempts) FROM delivery WHERE id > $1", after) == 1


@pytest.mark.parametrize("kind", ["error500", "drop"])
async def test_what_was_surely_not_taken_is_tried_again_or_asked_about_and_goes_out_once(town: Town, kind: str):
    await town.run("app", "worker")
    await town.provider_fault(provider="twilio", kind=kind, count=4)
    after, said = await town.newest_delivery(), sayings(12)
    acknowledged = await say(town, said)
    await town.settled(after)
    await town.reconcile()
    await town.settled(after)
    await check(town, said, acknowledged)
    assert await check_sent_once(town, after) == 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "accept_drop", "count": 5}, id="the provider takes it and breaks the connection"),
        pytest.param(Fault(swallow=True), id="its answer gets lost on the way"),
        pytest.param(Fault(cut_after=20, reset=True), id="its answer is cut in the middle", marks=pytest.mark.slow),
    ],
)
async def test_what_was_taken_without_an_answer_is_never_sent_again(town: Town, fault: dict[str, object] | Fault):
    await town.run("app", "worker")
    if isinstance(fault, Fault):
        town.provider.misbehave(fault)
        await town.provider.cut_all()
    else:
        await town.provider_fault(provider="twilio", **fault)
    after, said = await town.newest_delivery(), sayings(5)
    acknowledged = await say(town, said)
    await town.settled(after)
    town.provider.misbehave(NONE)
    await town.reconcile()
    await town.settled(after)
    await check(town, said, acknowledged)
    assert await check_sent_once(town, after) == 0
    counts = await town.provider_counts()
    assert len([count for count in counts.values() if count == 1]) >= len(said)


@pytest.mark.parametrize("rule", ["callback_twice", "callback_backwards"])
async def test_callbacks_that_come_twice_or_backwards_end_as_delivered(town: Town, rule: str):
    await town.run("app", "worker")
    await town.provider_fault(rules={rule: True})
    after, said = await town.newest_delivery(), sayings(8)
    await say(town, said)

    async def all_are_delivered() -> bool:
        statuses = await town.pool.fetch("SELECT status FROM delivery WHERE id > $1", after)
        return [row["status"] for row in statuses] == ["delivered"] * len(said)

    await until(all_are_delivered, seconds=60)
    assert await check_sent_once(town, after) == 0


@pytest.mark.slow
async def test_a_provider_that_hangs_holds_up_nobody_else_and_leaves_it_unknown(town: Town):
    await town.run("app", "worker")
    said = sayings(11)
    await town.provider_fault(provider="twilio", kind="hang", count=1, hang_seconds=120, to=said[0].phone)
    after = await town.newest_delivery()
    began_at = time.monotonic()
    acknowledged = await say(town, said, at_once=1)

    async def others_are_sent() -> bool:
        return (
            await town.pool.fetchval(
                "SELECT count(*) FROM delivery WHERE id > $1 AND status NOT IN ('queued', 'sending')", after
            )
            == 10
        )

    await until(others_are_sent, seconds=30)
    await until(lambda: is_unknown(town, after), seconds=60)
    assert time.monotonic() - began_at < 60
    await town.reconcile()
    await town.settled(after)
    await check(town, said, acknowledged)
    assert await check_sent_once(town, after) == 0


async def is_unknown(town: Town, after: int) -> bool:
    return bool(await town.pool.fetchval("SELECT count(*) FROM delivery WHERE id > $1 AND status = 'unknown'", after))
