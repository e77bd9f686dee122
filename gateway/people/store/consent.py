"""The consent ledger and the opt-outs in force."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.domain.consent import UNASKED, ConsentChange, ConsentState, Purpose
from gateway.store.db import Connection, load_queries

_QUERIES = load_queries(__file__)


class ConsentEntry(Struct, frozen=True, kw_only=True):
    """One change for one address; `message_id` is the message that carried the wish, if one did."""

    address_id: int
    change: ConsentChange
    message_id: int | None = None


async def change_consent(connection: Connection, entries: Sequence[ConsentEntry]) -> None:
    """Enter these changes in the ledger and put them in force; an opt-out also suppresses what is queued.

    A reversible opt-out comes from a sender nobody vouches for: it stops campaigns only, to every address alike.
    """
    outs = [entry for entry in entries if entry.change.state is ConsentState.OPTED_OUT]
    ins = [entry for entry in entries if entry.change.state is ConsentState.OPTED_IN]
    if outs:
        await _QUERIES.opt_out(
            connection,
            address_ids=[entry.address_id for entry in outs],
            purposes=[",".join(_purposes(entry.change)) for entry in outs],
            hows=[entry.change.how for entry in outs],
            reversibles=[entry.change.reversible for entry in outs],
            message_ids=[entry.message_id for entry in outs],
        )
    if ins:
        await _QUERIES.opt_in(
            connection,
            address_ids=[entry.address_id for entry in ins],
            purposes=[",".join(_purposes(entry.change)) for entry in ins],
            hows=[entry.change.how for entry in ins],
            message_ids=[entry.message_id for entry in ins],
        )


async def already_entered(connection: Connection, entries: Sequence[ConsentEntry]) -> set[ConsentEntry]:
    """Find those of the entries that the ledger has already, by address and how."""
    rows = _QUERIES.entered(
        connection,
        address_ids=[entry.address_id for entry in entries],
        hows=[entry.change.how for entry in entries],
    )
    known = {(row["address_id"], row["how"]) async for row in rows}
    return {entry for entry in entries if (entry.address_id, entry.change.how) in known}


def _purposes(change: ConsentChange) -> tuple[Purpose, ...]:
    return UNASKED if change.reversible else (change.purpose,)
