"""Ids in paths and queries: read strictly, so that nothing odd reaches the database."""

from aiohttp import web

from gateway.domain.errors import NotFound

_LONGEST = 18


def number(request: web.Request) -> int:
    """Read the id in a path.

    Raises:
        NotFound: it is no id, so there is nothing by it.
    """
    text = request.match_info["id"]
    if not is_number(text):
        raise NotFound("there is nothing by that id")
    return int(text)


def is_number(text: str) -> bool:
    """Say whether a text is an id that a database can hold."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST
