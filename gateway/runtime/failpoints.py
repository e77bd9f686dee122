"""Named places where a process can be told to die, so that a crash at every risky line can be repeated at will.

`FAULT=after_commit:3` ends the process by SIGKILL the third time it passes `after_commit`. Unset, passing a place costs
one comparison. What must hold after each crash is said, and tested, elsewhere.
"""

import os
import signal
from enum import StrEnum

from gateway.domain.errors import ConfigurationError


class Failpoint(StrEnum):
    """Every place a process can be told to die at; the value is its name in `FAULT`."""

    BEFORE_COMMIT = "before_commit"
    """Intake: a batch is written, and its transaction still open."""
    AFTER_COMMIT = "after_commit"
    """Intake: a batch is committed, and no provider told."""
    STATUS_KEPT = "status_kept"
    """Intake: a provider's word is kept, and its delivery not moved yet."""
    MAIL_PARSED = "mail_parsed"
    """Mail: a mail is read, and not stored."""
    MAIL_STORED = "mail_stored"
    """Mail: a mail is safe, and its client not told."""
    BEFORE_SPOOL = "before_spool"
    """Spool: PostgreSQL is away, and nothing written to disk."""
    IN_SPOOL = "in_spool"
    """Spool: entries are written, and not flushed."""
    AFTER_SPOOL = "after_spool"
    """Spool: entries are flushed to disk, and no provider told."""
    AFTER_REPLAY = "after_replay"
    """Spool: its oldest entries are committed, and still on disk."""
    AFTER_CLAIM = "after_claim"
    """Sender: deliveries are claimed, and none handed over."""
    BEFORE_SEND = "before_send"
    """Sender: one delivery is about to be handed over."""
    AFTER_SEND = "after_send"
    """Sender: the provider took one, and nothing is noted."""
    BEFORE_SETTLE = "before_settle"
    """Sender: outcomes are noted, and not written down."""
    AFTER_SETTLE = "after_settle"
    """Sender: outcomes are written down, and nobody told."""


class _Fate:
    """Where this process is to die, and how many times it passes there first."""

    place: Failpoint | None = None
    passes_left: int = 0


def arm(fault: str) -> None:
    """Make this process die as `FAULT` says: a place and how many times it is passed; empty lets it live.

    Raises:
        ConfigurationError: there is no such place, or the number is none.
    """
    name, _, passes = fault.partition(":")
    if fault and (name not in {*Failpoint} or not (passes or "1").isdecimal() or passes == "0"):
        raise ConfigurationError(
            (f"FAULT is wrong: {fault!r} is not one of {', '.join(Failpoint)}, with :number or not",)
        )
    _Fate.place, _Fate.passes_left = (Failpoint(name), int(passes or 1)) if fault else (None, 0)


def hit(place: Failpoint) -> None:
    """Die here, at once and without a word, if this is where and when."""
    if _Fate.place is place:
        _Fate.passes_left -= 1
        if _Fate.passes_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
