"""Ways to ask for a person, in four languages, and how to tell them from a sentence that only mentions one."""

import re

from routing.text import Phrases, plain, with_prefixes
from routing.words import phrases

_TABLE = phrases("person")
_ROLES = with_prefixes(_TABLE["roles"])
_WISHES = with_prefixes(_TABLE["wishes"])
_FILLERS = frozenset(map(plain, _TABLE["fillers"]))
_WHOLE = frozenset(map(plain, _TABLE["whole"]))
_PHRASES = Phrases({"person": _TABLE["phrases"]})
_REFUSALS = Phrases({"refusal": _TABLE["refusals"]})
_SHORT = 5
_CLAUSE_CHARACTERS = 80
_CLAUSE_END = re.compile(r"[,.;:!?\n]+")
_NEAR = 6


def asks_for_person(said: str, words: tuple[str, ...]) -> str | None:
    """Give the words that ask for a person, or None; `words` are the plain words of what was `said`.

    A role ("agent", "נציג") counts when it is nearly all of a clause, or with a wish ("talk", "רוצה") before it.
    """
    if not words:
        return None
    whole = " ".join(words)
    if whole in _WHOLE:
        return whole
    found = _PHRASES.find(words)
    asked = found[1] if found else None
    if asked is None and not _ROLES.isdisjoint(words):
        asked = _wished_role(words) or next(filter(None, map(_bare_role, _CLAUSE_END.split(said))), None)
    return asked if asked and not _REFUSALS.find(words) else None


def _wished_role(words: tuple[str, ...]) -> str | None:
    for place, word in enumerate(words):
        if word in _ROLES:
            before = words[max(0, place - _NEAR) : place]
            wish = next((other for other in before if other in _WISHES), None)
            if wish:
                return f"{wish} {word}"
    return None


def _bare_role(clause: str) -> str | None:
    """Find a role that stands in a clause with nothing but courtesies and wishes."""
    words = plain(clause[:_CLAUSE_CHARACTERS]).split()
    if len(words) > _SHORT or not any(word in _ROLES for word in words):
        return None
    is_bare = all(word in _ROLES or word in _FILLERS or word in _WISHES for word in words)
    return next((word for word in words if word in _ROLES), None) if is_bare else None
