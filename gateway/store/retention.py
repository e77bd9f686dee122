"""Forgetting what is kept for a while only."""

from gateway.store import agents
from gateway.store.db import Connection, statements

PROOF_DAYS = 7
RAW_DAYS = 30
_AT_ONCE = 5_000


async def forget(connection: Connection) -> dict[str, int]:
    """Delete what is past its time: logins, codes, payloads that were understood. Says how many of the latter went."""
    await agents.forget_old(connection)
    gone = {"address_proof": await statements("retention").forget_proofs(connection, days=PROOF_DAYS), "raw_payload": 0}
    while count := await statements("retention").forget_raw(connection, days=RAW_DAYS, most=_AT_ONCE):
        gone["raw_payload"] += count
    return gone
