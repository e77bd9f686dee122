"""Counts what really reached a customer, per the product's own id, so that fault tests can prove nothing went twice."""

from collections import Counter, OrderedDict
from dataclasses import dataclass

_KEPT_IDS = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxView:
    """The counts: `total` and `by_provider` are never forgotten; ids are, oldest first, beyond fifty thousand."""

    total: int
    by_provider: dict[str, int]
    distinct: int
    by_id: dict[str, int]
    duplicates: dict[str, int]


class Outbox:
    """Deliveries accepted for the customer, counted."""

    def __init__(self) -> None:
        self._by_provider: Counter[str] = Counter()
        self._by_id: OrderedDict[str, int] = OrderedDict()

    def count(self, provider: str, own_id: str) -> None:
        """Count one delivery under `provider:own_id`; `own_id` is what the product sent along to know it by."""
        self._by_provider[provider] += 1
        key = f"{provider}:{own_id}"
        self._by_id[key] = self._by_id.get(key, 0) + 1
        if len(self._by_id) > _KEPT_IDS:
            self._by_id.popitem(last=False)

    def view(self, *, with_ids: bool) -> OutboxView:
        """Show the counts; `with_ids` also lists every id, not just the duplicates."""
        return OutboxView(
            total=self._by_provider.total(),
            by_provider=dict(self._by_provider),
            distinct=len(self._by_id),
            by_id=dict(self._by_id) if with_ids else {},
            duplicates={key: count for key, count in self._by_id.items() if count > 1},
        )

    def clear(self) -> None:
        """Begin again at zero."""
        self._by_provider.clear()
        self._by_id.clear()
