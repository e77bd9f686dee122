"""Reading untrusted JSON field by field, without trusting any of its types."""

from collections.abc import Mapping, Sequence


class Problem(Exception):
    """The Cloud API would answer with this error."""

    def __init__(self, code: int, details: str = "", *, subcode: int = 0) -> None:
        super().__init__(f"{code} {details}")
        self.code = code
        self.details = details
        self.subcode = subcode


def child(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Give the object under this name, or an empty one."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def children(data: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    """Give the objects in the array under this name."""
    value = data.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(data: Mapping[str, object], name: str) -> str:
    """Give the text under this name (a number in its digits), or an empty one."""
    value = data.get(name)
    return str(value) if isinstance(value, str | int | float) else ""


def need(data: Mapping[str, object], name: str, place: str) -> str:
    """Give the text under this name.

    Raises:
        Problem: there is none.
    """
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Problem(131008, f"Required parameter is missing: {place}['{name}']")
    return value
