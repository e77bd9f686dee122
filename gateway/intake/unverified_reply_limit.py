"""How many automatic replies senders nobody vouches for may cause: we must not become a relay for forged mail.

The count lies in PostgreSQL, in the transaction that owes the replies, so that all processes together keep to it even
in the flood it is made for.
"""

from collections import Counter
from collections.abc import Sequence

from gateway.intake.store import unverified_replies
from gateway.intake.store.unverified_replies import Reply
from gateway.store.db import Connection

REPLIES_A_MINUTE = 60
"""From one mailbox of ours."""
REPLIES_AN_HOUR = 20
"""To any one domain."""
_MINUTE = 60.0


async def spend(connection: Connection, wishes: Sequence[Reply]) -> list[bool]:
    """Say of each wished reply whether it may be sent, and count those that may."""
    if not wishes:
        return []
    granted = _grant(wishes, await unverified_replies.latest(connection))
    if not any(granted):
        return granted
    await unverified_replies.take_turns(connection)
    granted = _grant(wishes, await unverified_replies.latest(connection))
    await unverified_replies.note(
        connection, [wish for wish, is_granted in zip(wishes, granted, strict=True) if is_granted]
    )
    return granted


def _grant(wishes: Sequence[Reply], latest: Sequence[tuple[Reply, float]]) -> list[bool]:
    of_mailbox = Counter(endpoint_id for (endpoint_id, _), age in latest if age < _MINUTE)
    of_domain = Counter(domain for (_, domain), _ in latest)
    granted = []
    for endpoint_id, domain in wishes:
        may = of_mailbox[endpoint_id] < REPLIES_A_MINUTE and of_domain[domain] < REPLIES_AN_HOUR
        of_mailbox[endpoint_id] += may
        of_domain[domain] += may
        granted.append(may)
    return granted
