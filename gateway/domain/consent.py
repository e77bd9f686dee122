"""Consent: opted in or out, per address and purpose, with when and how."""

from enum import StrEnum

from msgspec import Struct


class Purpose(StrEnum):
    """What a message is for. ANY in a ledger entry covers all the others."""

    ANY = "any"
    REPLY = "reply"
    NOTICE = "notice"
    SURVEY = "survey"
    MARKETING = "marketing"
    CONFIRMATION = "confirmation"


# What nobody asked for: notices carry a link that stops these, and a complaint or a doubtful "stop" stops all of them.
UNASKED = (Purpose.NOTICE, Purpose.SURVEY, Purpose.MARKETING)


class ConsentState(StrEnum):
    """What the person chose."""

    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class ConsentChange(Struct, frozen=True, kw_only=True):
    """An entry for the ledger: what was chosen, and how (the word, link, import or provider that said so)."""

    state: ConsentState
    how: str
    purpose: Purpose = Purpose.ANY
    reversible: bool = False


def may_send(purpose: Purpose, opted_out: frozenset[Purpose]) -> bool:
    """Say whether an address with these opt-outs may get a message: a confirmation always, all else by its purpose."""
    if purpose is Purpose.CONFIRMATION:
        return True
    return Purpose.ANY not in opted_out and purpose not in opted_out
