"""The middleware around everything but webhooks: request ids, refusals in the right form, headers, the access log."""

import asyncio
import secrets
import time
from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.web.pages import render
from gateway.web.server.headers import peer, secure
from gateway.web.server.problems import Problem, as_json, problem_of
from gateway.web.server.services import SERVICES
from gateway.web.webhooks import BODY_SECONDS
from gateway.web.webhooks import PATHS as WEBHOOKS

log = structlog.get_logger(__name__)

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
_API = "/api/"
_STREAMED = "/sandbox"
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pass webhooks through untouched; give every other answer its id, form and headers, and log it."""
    if request.path.startswith(WEBHOOKS):
        return await handler(request)
    request_id = request[REQUEST_ID] = secrets.token_hex(8)
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        response = await _answer(request, handler, request_id)
        if not response.prepared:
            secure(response, request.app[SERVICES])
            response.headers["X-Request-Id"] = request_id
        _note(request, response, time.perf_counter() - began)
    return response


async def _answer(request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
    try:
        await _read_in_time(request)
        return await handler(request)
    except web.HTTPRedirection as redirect:
        return web.Response(status=redirect.status, headers={"Location": redirect.headers["Location"]})
    except Exception as error:
        problem = problem_of(error)
        if problem.kind == "internal":
            log.exception("request_failed", path=request.path)
        return _refusal(request, problem, request_id)


async def _read_in_time(request: web.Request) -> None:
    """Read the body before anything is done, so that nobody keeps us waiting in the middle; the sandbox streams."""
    if request.path.startswith(_STREAMED) or request.content.is_eof():
        return
    try:
        async with asyncio.timeout(BODY_SECONDS):
            await request.read()
    except TimeoutError as error:
        raise Problem(status=408, kind="too-slow", detail="the body took too long") from error


def _refusal(request: web.Request, problem: Problem, request_id: str) -> web.StreamResponse:
    if request.path.startswith(_API):
        return as_json(problem, request_id)
    is_fragment = "HX-Request" in request.headers or request.path == "/live"
    if problem.status == 401 and problem.kind == "unauthenticated":  # noqa: PLR2004
        return _to_login(request, is_fragment=is_fragment)
    if is_fragment:
        return web.Response(status=problem.status, text=problem.detail or problem.title)
    return render.page(request, "refusal.html", status=problem.status, problem=problem, request_id=request_id)


def _to_login(request: web.Request, *, is_fragment: bool) -> web.StreamResponse:
    if is_fragment:
        return web.Response(status=401, headers={"HX-Redirect": "/login"})
    if request.method != "GET" or request.path == "/":
        return web.Response(status=303, headers={"Location": "/login"})
    return web.Response(status=303, headers={"Location": f"/login?next={quote(request.path, safe='/')}"})


def _note(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    if request.path.startswith(_QUIET):
        return
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status,
        milliseconds=round(seconds * 1000, 1),
        peer=peer(request),
    )
