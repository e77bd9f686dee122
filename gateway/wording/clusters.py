"""Splitting text into what a reader sees as single characters, as Twilio's counter does (UAX #29 of Unicode 10).

Only for counting as Twilio counts. Where text is cut for people, today's Unicode rules apply: see `splitting`.
"""

import re
from collections.abc import Sequence

from gateway.wording import unicode10


def _ranges(text: str) -> str:
    points = (part.partition("-") for part in text.split())
    return "".join(f"\\U{int(low, 16):08x}-\\U{int(high or low, 16):08x}" for low, _, high in points)


_JOINING = _ranges(unicode10.JOINING)
# A lone surrogate is no character; UAX #29 counts it among the controls.
_CONTROL = _ranges(unicode10.CONTROL) + "\ud800-\udfff"
_MODIFIER = f"[{_JOINING}]*[{_ranges(unicode10.MODIFIER)}]"
_MODIFIED = f"[{_ranges(unicode10.MODIFIER_BASE)}]{_MODIFIER}"
_MODIFIED_PERSON = f"[\U0001f466-\U0001f469]{_MODIFIER}"
_GLUED = f"[{_ranges(unicode10.AFTER_JOINER)}]"
_SYLLABLE = (
    "[\u1100-\u115f\ua960-\ua97c]*(?:[\uac00-\ud7a3][\u1160-\u11a7\ud7b0-\ud7c6]*|[\u1160-\u11a7\ud7b0-\ud7c6]+)"
)
_FINALS = "[\u11a8-\u11ff\ud7cb-\ud7fb]*"

# Three habits of the counter that the rules do not ask for are kept, so that the numbers agree: a flag takes at most
# one accent, an Arabic number sign takes half a flag, and a skin tone is not joined to a person once an accent or
# variation selector was seen.
_FLAG = "[\U0001f1e6-\U0001f1ff]"

_CLUSTER = re.compile(
    f"[\r\n{_CONTROL}]"
    f"|{_FLAG}{{2}}[{_JOINING}]?"
    f"|[{_ranges(unicode10.PREPEND)}]*"
    f"(?:{_MODIFIED}|{_FLAG}|{_SYLLABLE}{_FINALS}|[\u1100-\u115f\ua960-\ua97c]+"
    f"|[\u11a8-\u11ff\ud7cb-\ud7fb]+|[^\r\n{_CONTROL}])"
    f"(?:\u200d(?:{_MODIFIED_PERSON}|{_GLUED})?)*(?:[{_JOINING}](?:\u200d{_GLUED}|[{_JOINING}])*)?",
    re.DOTALL,
)


def clusters(text: str) -> Sequence[str]:
    """Split text into visible characters; joined again, they are the text. CR LF is two, as it is at Twilio."""
    return _CLUSTER.findall(text)
