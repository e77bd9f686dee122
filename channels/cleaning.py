"""What customers write, made fit to show and to store: databases and screens refuse NUL and half surrogate pairs.

Words that people read lose them, by the domain's rule; raw payload is evidence, so there they are spelled out. Only
these are touched here. Bidirectional controls and markup are a matter of the page that shows them.
"""

import math
import re

from gateway.domain.messages import storable as displayable

__all__ = ["displayable", "storable"]

_LARGEST_INTEGER = 2**63 - 1
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def storable(value: object) -> object:
    """Copy raw payload so that any JSON store takes it; unfit characters become their escape, spelled out."""
    if isinstance(value, str):
        return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, dict):
        return {str(storable(str(key))): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    is_too_large = isinstance(value, int) and not -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER
    if is_too_large or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
