"""How many sends may start at once: free slots, tokens of each endpoint, and room kept for replies."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from channels.contract import PairRate
from channels.registry import provider_of
from gateway.domain.outbox import Budget, Claimed, Lane, OpenEndpoint
from gateway.redis import keys
from gateway.redis.rate_limits import Grant, RateLimiter, Wish

# The share of a bucket and of the slots that only replies may use, and of the slots that one endpoint may use.
_REPLIES_SHARE = 0.2
_ENDPOINT_SHARE = 0.75


class Limits(Struct, frozen=True, kw_only=True):
    """How much one sender holds; `reserved` of the `slots` are for replies alone, `bulk` the most for bulk.

    Of what it holds `at_once` are under way at one endpoint, and the rest wait so that claiming more keeps nobody idle;
    a reply that finds all busy is one more, within the reserve. What it claimed is its own for `lease_seconds`: it
    begins within the first quarter of them or gives it back, and has the rest to hear the provider's answer. So a
    sender that stood still for long hands over nothing that others hold.
    """

    slots: int = 320
    reserved: int = 48
    bulk: int = 48
    at_once: int = 64
    promotions_a_day: int = 2
    lease_seconds: float = 60.0

    @property
    def begin_seconds(self) -> float:
        """How long after its claim a delivery may still be handed over."""
        return self.lease_seconds / 4

    @property
    def send_seconds(self) -> float:
        """How long the provider may take to answer."""
        return self.lease_seconds - self.begin_seconds


class Room(Struct, frozen=True, kw_only=True):
    """What may start now: slots in all, for what is no reply, and for bulk, and the budget of each endpoint.

    `is_dry` says that due work may be waiting for tokens.
    """

    slots: int
    slots_not_replies: int
    slots_bulk: int
    budgets: tuple[Budget, ...]
    is_dry: bool


def bucket(endpoint: OpenEndpoint, most: int) -> Wish:
    """Name an endpoint's bucket: a second's worth of sends, at least two."""
    rate = max(endpoint.sends_per_second, 0.01)
    return Wish(name=f"endpoint:{endpoint.endpoint_id}", per_second=rate, burst=max(2.0, rate), most=most)


async def find_room(
    endpoints: Sequence[OpenEndpoint],
    in_flight: Iterable[Claimed],
    *,
    limits: Limits,
    rates: RateLimiter,
    probing: frozenset[int] = frozenset(),
) -> Room:
    """Take tokens for everything that could start now; `give_back` returns what was not used.

    Endpoints in `probing` may start one send only.
    """
    busy = list(in_flight)
    slots = limits.slots - len(busy)
    in_lane = Counter(claimed.lane for claimed in busy)
    at_endpoint = Counter(claimed.endpoint_id for claimed in busy)
    ceiling = math.ceil(limits.slots * _ENDPOINT_SHARE) if len(endpoints) > 1 else limits.slots
    wishes = []
    for endpoint in endpoints:
        ours = 1 if endpoint.endpoint_id in probing else ceiling
        most = min(slots, ours - at_endpoint[endpoint.endpoint_id])
        if most > 0:
            wishes.append((endpoint, bucket(endpoint, most)))
    grants = await rates.take([wish for _, wish in wishes])
    budgets = [_budget(endpoint, wish, grant) for (endpoint, wish), grant in zip(wishes, grants, strict=True)]
    return Room(
        slots=slots,
        slots_not_replies=max(0, limits.slots - limits.reserved - len(busy) + in_lane[Lane.REPLY]),
        slots_bulk=max(0, limits.bulk - in_lane[Lane.BULK]),
        budgets=tuple(budget for budget in budgets if budget.most > 0),
        is_dry=any(not budget.most_not_replies for budget in budgets),
    )


async def give_back(
    room: Room, endpoints: Sequence[OpenEndpoint], claimed: Sequence[Claimed], *, rates: RateLimiter
) -> None:
    """Return the tokens that nothing was claimed for."""
    used = Counter(each.endpoint_id for each in claimed)
    by_id = {endpoint.endpoint_id: endpoint for endpoint in endpoints}
    unused = {budget.endpoint_id: budget.most - used[budget.endpoint_id] for budget in room.budgets}
    await rates.take([bucket(by_id[endpoint_id], -count) for endpoint_id, count in unused.items() if count > 0])


async def over_pair_limit(claimed: Sequence[Claimed], *, rates: RateLimiter) -> set[int]:
    """Return the ids of those deliveries whose person got as many as their provider lets through for now."""
    over: set[int] = set()
    by_rate: defaultdict[PairRate, list[Claimed]] = defaultdict(list)
    for each in claimed:
        record = provider_of(each.endpoint_key)
        if record and (rate := record.pair_rates.get(each.channel)):
            by_rate[rate].append(each)
    for rate, paired in by_rate.items():
        names = [keys.pair(each.endpoint_id, each.address_id) for each in paired]
        admitted = await rates.admit(names, per_second=rate.per_second, burst=rate.burst)
        over |= {each.delivery_id for each, is_admitted in zip(paired, admitted, strict=True) if not is_admitted}
    return over


def _budget(endpoint: OpenEndpoint, wish: Wish, grant: Grant) -> Budget:
    for_replies = max(1.0, wish.burst * _REPLIES_SHARE)
    return Budget(
        endpoint_id=endpoint.endpoint_id,
        most=grant.taken,
        most_not_replies=max(0, min(grant.taken, math.floor(grant.taken + grant.left - for_replies))),
    )
