"""Ways to ask for a person, in four languages, and how to tell them from a sentence that only mentions one."""

from routing.text import Phrases, plain, with_prefixes
from routing.words import phrases

_TABLE = phrases("person")
_ROLES = with_prefixes(_TABLE["roles"])
_WISHES = with_prefixes(_TABLE["wishes"])
_FILLERS = frozenset(map(plain, _TABLE["fillers"]))
_WHOLE = frozenset(map(plain, _TABLE["whole"]))
_PHRASES = Phrases({"person": _TABLE["phrases"]})
_REFUSALS = Phrases({"refusal": _TABLE["refusals"]})
_SHORT = 4
_NEAR = 6


def asks_for_person(words: tuple[str, ...]) -> str | None:
    """Give the words that ask for a person, or None; `words` are the plain words of a message.

    A role ("agent", "נציג") counts when it is nearly all of the message, or with a wish ("talk", "רוצה") before it.
    """
    if not words:
        return None
    whole = " ".join(words)
    if whole in _WHOLE:
        return whole
    found = _PHRASES.find(words)
    asked = found[1] if found else _wished_role(words)
    return asked if asked and not _REFUSALS.find(words) else None


def _wished_role(words: tuple[str, ...]) -> str | None:
    for place, word in enumerate(words):
        if word in _ROLES:
            others = [other for other in words if other != word and other not in _FILLERS]
            if not others or (len(words) <= _SHORT and all(other in _WISHES for other in others)):
                return word
            before = words[max(0, place - _NEAR) : place]
            wish = next((other for other in before if other in _WISHES), None)
            if wish:
                return f"{wish} {word}"
    return None
