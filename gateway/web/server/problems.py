"""Refusals: how an error of ours becomes an HTTP status, and how it is said to programs (RFC 9457) and to people."""

from dataclasses import dataclass, field

import asyncpg
import orjson
from aiohttp import web

from gateway.access.accounts import LoginRefused, TooManyAttempts
from gateway.domain.errors import AddressError, Conflict, NotFound, Refused
from gateway.domain.paging import BadCursor
from gateway.store.away import is_away

_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (Conflict, 409, "conflict"),
    (Refused, 409, "refused"),
    (AddressError, 422, "bad-address"),
    (BadCursor, 422, "bad-cursor"),
    (LoginRefused, 401, "login-refused"),
    (TooManyAttempts, 429, "too-many-attempts"),
)
_TITLES = {
    400: "The request cannot be understood",
    401: "Who are you?",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This cannot be done here",
    409: "This is refused as things stand",
    413: "This is too large",
    415: "This kind of content is not taken",
    422: "The request is not valid",
    429: "Too many attempts",
    500: "Something went wrong on our side",
    503: "Not available right now",
}
_KINDS = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    500: "internal",
    503: "unavailable",
}


@dataclass(kw_only=True, eq=False)
class Problem(Exception):
    """A refusal: its HTTP status, its stable kind, a sentence, and what is wrong where."""

    status: int
    kind: str
    detail: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Say what kind of refusal this is, in words that never change."""
        return _TITLES.get(self.status, "Refused")


def problem_of(error: Exception) -> Problem:
    """Name the refusal an error stands for; what nobody foresaw tells nothing of our insides."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        status = error.status
        return Problem(status=status, kind=_KINDS.get(status, "refused"), headers=headers)
    for kind, status, name in _STATUS:
        if isinstance(error, kind):
            return Problem(status=status, kind=name, detail=str(error))
    if _is_unfit(error):
        return Problem(status=422, kind="unfit-text", detail="a text holds what no text may hold, such as NUL")
    if is_away(error):
        return Problem(status=503, kind="unavailable", detail="the database does not answer; try again in a moment")
    return Problem(status=500, kind="internal", detail="it was logged; quote the request id when you ask about it")


def _is_unfit(error: Exception) -> bool:
    """Say whether a text held what PostgreSQL takes in no text; asyncpg reports some of it as an InterfaceError."""
    is_refused_by_driver = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return is_refused_by_driver or isinstance(error, UnicodeError | asyncpg.CharacterNotInRepertoireError)


def as_json(problem: Problem, request_id: str) -> web.Response:
    """Say a refusal to a program."""
    document: dict[str, object] = {
        "type": f"urn:eshnav:problem:{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "request_id": request_id,
    }
    if problem.detail:
        document["detail"] = problem.detail
    if problem.errors:
        document["errors"] = [{"at": at, "problem": what} for at, what in problem.errors]
    return web.Response(
        body=orjson.dumps(document),
        status=problem.status,
        content_type="application/problem+json",
        headers=problem.headers,
    )
