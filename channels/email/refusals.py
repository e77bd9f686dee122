"""What a mail server's refusal means.

SMTP reply codes and enhanced status codes (RFC 3463) → our closed list of errors. Bounces that come back later are
read by `bounce`.
"""

from channels.email.bounce_reason import ENHANCED, meaning_of
from channels.errors import AccountBlocked, BadAddress, Rejected, SendError, Throttled, Unavailable, Undeliverable

_ACCOUNT = frozenset({"5.7.8", "5.7.9", "5.7.13", "5.7.14", "5.7.60", "4.7.8", "5.1.7", "5.1.8"})
_BAD_ADDRESS = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.9", "5.1.10", "5.4.4", "5.6.7"})
_UNDELIVERABLE = frozenset(
    {"5.2.0", "5.2.1", "5.2.2", "5.2.4", "5.4.1", "5.4.6", "5.4.7", "5.7.1", "5.7.25", "5.7.26", "5.7.27"}
)
_REJECTED = frozenset({"5.2.3", "5.3.4", "5.6.0", "5.6.1", "5.6.3", "5.5.2", "5.5.4"})
_THROTTLED = frozenset({"4.2.1", "4.3.1", "4.4.5", "4.5.3", "4.7.0", "4.7.1", "4.7.28", "4.7.650"})
_AUTHENTICATION_REPLIES = frozenset({530, 534, 535, 538, 454})
_THROTTLE_REPLIES = frozenset({421, 450, 452})
_TEMPORARY = 500
_WAIT_SECONDS = 60.0


def refusal(reply: int, text: str) -> SendError:
    """Name the error that a refusal is. `reply` is the three-digit SMTP code, `text` the server's words."""
    found = ENHANCED.findall(text)
    enhanced = found[0] if found else ""
    code = f"{reply} {enhanced}".strip()
    sentence = meaning_of(text, enhanced or None).sentence
    if reply in _AUTHENTICATION_REPLIES or enhanced in _ACCOUNT:
        return AccountBlocked("The mail relay does not let us send from this mailbox.", code=code)
    if reply < 0 or reply < _TEMPORARY:
        if enhanced in _THROTTLED or (not enhanced and reply in _THROTTLE_REPLIES):
            return Throttled("The mail server asks us to try later.", code=code, retry_after_seconds=_WAIT_SECONDS)
        return Unavailable(f"The mail server could not take the message now. {sentence}", code=code)
    return _permanent(reply, text, enhanced, sentence, code)


def _permanent(reply: int, text: str, enhanced: str, sentence: str, code: str) -> SendError:
    nobody_there = meaning_of(text, enhanced or None).nobody_there
    if enhanced in _BAD_ADDRESS or (nobody_there and enhanced not in _REJECTED):
        return BadAddress(sentence, code=code)
    if enhanced in _UNDELIVERABLE:
        return Undeliverable(sentence, code=code)
    if enhanced in _REJECTED or reply in {552, 554, 555}:
        return Rejected(sentence, code=code)
    return Undeliverable(sentence, code=code) if reply in {550, 551, 553} else Rejected(sentence, code=code)
