"""What an operation of the API is, and how a request becomes a checked call of one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ValidationError

from gateway.access import accounts
from gateway.domain.agents import ApiToken, Scope
from gateway.domain.language import Language
from gateway.web.api.queries import OnePath, Query
from gateway.web.pages import i18n
from gateway.web.server.problems import Problem
from gateway.web.server.services import SERVICES, Services

_LONGEST_KEY = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call by a token that may make it: the path's id, the query, the body and the key, checked."""

    services: Services
    token: ApiToken
    language: Language
    id: int = 0
    query: Query | None = None
    body: BaseModel | None = None
    idempotency_key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation: where, for which scope, what it takes and gives. `gives` None means an empty 204."""

    method: str
    path: str
    name: str
    summary: str
    scope: Scope
    run: Callable[[Call], Awaitable[BaseModel | None]]
    gives: type[BaseModel] | None
    query: type[Query] | None = None
    body: type[BaseModel] | None = None
    status: int = 200
    is_keyed: bool = False


def handler_of(operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make the HTTP handler of an operation: who, may they, is it valid, then run."""

    async def handle(request: web.Request) -> web.StreamResponse:
        token = await _token(request, operation.scope)
        call = await _call(request, operation, token)
        result = await operation.run(call)
        if result is None:
            return web.Response(status=204)
        return web.Response(
            body=result.model_dump_json().encode(), status=operation.status, content_type="application/json"
        )

    return handle


async def _token(request: web.Request, scope: Scope) -> ApiToken:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = await accounts.find_token(request.app[SERVICES].pool, secret.strip()) if kind.lower() == "bearer" else None
    if token is None:
        raise Problem(
            status=401,
            kind="unauthenticated",
            detail="send a valid token as Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if scope not in token.scopes:
        raise Problem(status=403, kind="scope-missing", detail=f"this token lacks the scope {scope}")
    return token


async def _call(request: web.Request, operation: Operation, token: ApiToken) -> Call:
    try:
        path = OnePath.model_validate(dict(request.match_info)) if "id" in request.match_info else None
    except ValidationError as error:
        raise Problem(status=404, kind="not-found") from error
    return Call(
        services=request.app[SERVICES],
        token=token,
        language=i18n.spoken(request.headers.get("Accept-Language", ""), Language.ENGLISH),
        id=path.id if path else 0,
        query=_checked(operation.query, dict(request.query), "query") if operation.query else None,
        body=await _body(request, operation.body) if operation.body else None,
        idempotency_key=_key(request) if operation.is_keyed else "",
    )


def _checked(model: type[Query], values: dict[str, str], where: str) -> Query:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid(error, where) from error


async def _body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    if request.content_type != "application/json":
        raise Problem(status=415, kind="unsupported-media-type", detail="send application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise _invalid(error, "body") from error


def _key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key or len(key) > _LONGEST_KEY or not key.isprintable():
        raise Problem(
            status=400,
            kind="idempotency-key",
            detail=f"send an Idempotency-Key header of up to {_LONGEST_KEY} characters, new for every message",
        )
    return key


def _invalid(error: ValidationError, where: str) -> Problem:
    errors = tuple(
        (".".join((where, *map(str, each["loc"]))), each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return Problem(status=422, kind="invalid", detail=f"the {where} is not valid", errors=errors)
