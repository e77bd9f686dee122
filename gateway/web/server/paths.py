"""Ids in paths: read strictly, so that nothing odd reaches the database."""

from aiohttp import web

from gateway.domain.errors import NotFound
from gateway.domain.ids import bigint_of


def number(request: web.Request) -> int:
    """Read the id in a path.

    Raises:
        NotFound: it is no id, so there is nothing by it.
    """
    if (found := bigint_of(request.match_info["id"])) is None:
        raise NotFound("there is nothing by that id")
    return found
