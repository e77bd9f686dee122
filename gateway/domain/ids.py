"""Ids as they come from outside, in paths, queries, cursors and callbacks: read strictly, once for everybody."""

_LARGEST = 2**63 - 1
_LONGEST = len(str(_LARGEST))


def bigint_of(text: str) -> int | None:
    """Read the digits of a number that PostgreSQL's bigint holds; None when it is none. Signs and spaces are none.

    Other alphabets' digits are refused, some of which `int` does not read; so are texts too long to be worth reading.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST:
        return None
    number = int(text)
    return number if number <= _LARGEST else None
