"""Token buckets, shared in Redis or, while it is away, of each process alone."""

import pytest

from gateway.redis.rate_limits import RateLimiter, Wish


@pytest.mark.parametrize("shared", [pytest.param(True, id="in Redis"), pytest.param(False, id="in this process")])
async def test_a_bucket_gives_its_burst_takes_back_what_was_not_used_and_fills_again(
    redis_url: str, redis: object, shared: bool
):
    assert redis
    rates = RateLimiter(redis_url if shared else None)
    wish = Wish(name="test", per_second=0.001, burst=5.0, most=3)
    other = Wish(name="other", per_second=0.001, burst=1.0, most=1)

    first, others = await rates.take([wish, other])
    assert (first.taken, others.taken) == (3, 1)
    assert [(await rates.take([wish]))[0].taken for _ in range(2)] == [2, 0]
    await rates.take([Wish(name="test", per_second=0.001, burst=5.0, most=-2)])
    assert (await rates.take([wish]))[0].taken == 2
    [filled] = await rates.take([Wish(name="test", per_second=1e9, burst=5.0, most=9)])
    assert filled.taken == 5
    await rates.close()


async def test_without_redis_a_sender_counts_for_itself():
    rates = RateLimiter("redis://127.0.0.1:1/0")
    wish = Wish(name="test", per_second=0.001, burst=2.0, most=2)
    assert [(await rates.take([wish]))[0].taken for _ in range(2)] == [2, 0]
    await rates.close()


@pytest.mark.parametrize("shared", [True, False])
async def test_one_token_of_each_bucket_is_admitted_until_it_is_empty_and_again_when_time_has_passed(
    redis: object, redis_url: str, shared: bool
):
    assert redis
    rates = RateLimiter(redis_url if shared else None)
    first = [await rates.admit(["a", "b"], per_second=0.001, burst=2.0) for _ in range(3)]
    assert first == [[True, True], [True, True], [False, False]]
    assert await rates.admit(["a", "c"], per_second=0.001, burst=2.0) == [False, True]
    assert await rates.admit(["a"], per_second=1e9, burst=2.0) == [True]
    await rates.close()
