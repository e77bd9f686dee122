"""Which messages are a consent word and nothing else: opting out, opting in, asking for help, in four languages.

They count only as the whole message: "how do I stop a payment?" is a question. The words are in `routing/words`, and
what to do about them is `routing.consent`.
"""

from enum import StrEnum

from routing.text import plain, unstretched
from routing.words import parts, phrases


class Word(StrEnum):
    """What a consent word asks for. A WEAK_START means START only from someone who had opted out."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    WEAK_START = "weak_start"


_TABLE = phrases("consent")
_MEANINGS = {
    **{plain(phrase): word for word in reversed(Word) for phrase in _TABLE[word]},
    **{plain(phrase): Word.STOP for phrase in parts("consent", "stop_parts")},
}
_POLITE = frozenset(map(plain, _TABLE["polite"]))
_LONGEST = max(map(len, _MEANINGS)) + 40
_MOST_WORDS = max(len(phrase.split()) for phrase in _MEANINGS)


def consent_word(words: str) -> Word | None:
    """Say what a message asks for when a consent word is all of it; `words` is its plain form.

    Courtesies around it ("please", "בבקשה") and emphasis by repetition do not change that.
    """
    if not words or len(words) > _LONGEST:
        return None
    found = _MEANINGS.get(words)
    if found is None and (bare := _bare(words)) and bare.count(" ") < _MOST_WORDS:
        found = _MEANINGS.get(bare) or _MEANINGS.get(unstretched(bare))
    return found


def _bare(words: str) -> str:
    return " ".join(word for word in words.split() if word not in _POLITE)
