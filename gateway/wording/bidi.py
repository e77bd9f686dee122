"""Keeping left-to-right pieces in place inside right-to-left sentences, and the other way round (Unicode UAX #9)."""

import re

from gateway.domain.language import Language

FIRST_STRONG_ISOLATE = "\u2068"
POP_DIRECTIONAL_ISOLATE = "\u2069"

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile("[A-Za-z\u00c0-\u02b8\u0370-\u058f]|^\\+\\d")


def isolated(value: str, language: Language) -> str:
    """Wrap a value that runs against the direction of its sentence in isolates.

    Only where it is needed: an isolate is not in the GSM alphabet, and would turn an English SMS into one of 70
    characters. A Hebrew sentence is one already, and an English one becomes so by the Hebrew value itself.
    """
    has_right, has_left = _RIGHT_TO_LEFT.search(value), _LEFT_TO_RIGHT.search(value)
    against = has_left and not has_right if language is Language.HEBREW else has_right and not has_left
    return f"{FIRST_STRONG_ISOLATE}{value}{POP_DIRECTIONAL_ISOLATE}" if against else value
