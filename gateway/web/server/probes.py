"""Probes: is the process alive, can it do its work, and how is it doing."""

import asyncio

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.redis.client import REDIS_AWAY
from gateway.store.away import DATABASE_TROUBLE
from gateway.store.db import is_answering
from gateway.web.server.metrics import refresh
from gateway.web.server.services import SERVICES

_PATIENCE_SECONDS = 2.0


async def healthz(_request: web.Request) -> web.StreamResponse:
    """Say that the process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.StreamResponse:
    """Say whether this process can take work: not without PostgreSQL, although webhooks are then still spooled."""
    services = request.app[SERVICES]
    database, redis = await asyncio.gather(_asks_database(request), _asks_redis(request))
    document = {
        "status": "ok" if database and redis else "degraded" if database else "unavailable",
        "database": "ok" if database else "away",
        "redis": "ok" if redis else "away",
        "spool": services.intake.spool_size,
    }
    return web.Response(body=orjson.dumps(document), status=200 if database else 503, content_type="application/json")


async def metrics(request: web.Request) -> web.StreamResponse:
    """Give the figures in Prometheus's text form."""
    await refresh(request.app[SERVICES])
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _asks_redis(request: web.Request) -> bool:
    redis = request.app[SERVICES].redis
    try:
        return redis is not None and bool(await redis.ping())
    except REDIS_AWAY:
        return False


async def _asks_database(request: web.Request) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), request.app[SERVICES].pool.acquire() as connection:
            return await is_answering(connection)
    except DATABASE_TROUBLE:
        return False
