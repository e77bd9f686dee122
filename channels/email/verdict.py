"""The verdict on a mail's sender from the evidence that `authentication` gathered: the checking of signatures.

No I/O, and few imports, since it runs where mail is parsed.
"""

import dkim
from msgspec import Struct

from gateway.domain.messages import Verification

_MIN_KEY_BITS = 1024


class Key(Struct, frozen=True, kw_only=True):
    """A DKIM key from the DNS, and which signature of the mail it belongs to (0 is the topmost)."""

    index: int
    record: bytes


class Evidence(Struct, frozen=True, kw_only=True):
    """What the DNS, or a trusted relay, says about a mail's From. `verdict` is set when that already settles it."""

    verdict: Verification | None = None
    keys: tuple[Key, ...] = ()
    otherwise: Verification = Verification.NONE


NO_EVIDENCE = Evidence()


def judge(raw: bytes, evidence: Evidence) -> Verification:
    """Give the verdict on a mail's sender, checking the signatures whose keys were found. Pure; never raises."""
    if evidence.verdict:
        return evidence.verdict
    if any(_is_signed(raw, key) for key in evidence.keys):
        return Verification.ALIGNED
    return evidence.otherwise


def _is_signed(raw: bytes, key: Key) -> bool:
    """Check one DKIM signature; a key under 1024 bits proves nothing, and a length tag (l=) is refused.

    Since it lets anyone add text to a signed mail.
    """
    try:
        verifier = dkim.DKIM(raw, minkey=_MIN_KEY_BITS)
        signature, _, _ = verifier.verify_headerprep(key.index)
        if b"l" in signature:
            return False
        return bool(verifier.verify(key.index, dnsfunc=lambda _name, timeout=0: key.record))  # noqa: ARG005 - dkimpy's shape
    except Exception:  # noqa: BLE001 - dkimpy fails in many ways on hostile signatures; none of them is a proof
        return False
