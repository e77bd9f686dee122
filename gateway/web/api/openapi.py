"""The OpenAPI document, made from the same table and models that the operations run on."""

from functools import cache
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.web.api.models import ProblemDocument
from gateway.web.api.operation import Operation
from gateway.web.api.table import BASE, OPERATIONS

_REFUSALS = {
    "400": "The request cannot be understood",
    "401": "No valid token",
    "403": "The token lacks the scope",
    "404": "There is nothing by that id",
    "409": "Refused as things stand",
    "422": "The request is not valid",
}
_AT = "#/components/schemas/{model}"


async def serve(_request: web.Request) -> web.StreamResponse:
    """Give the document; it tells nothing that the documentation does not."""
    return web.Response(body=orjson.dumps(document()), content_type="application/json")


@cache
def document() -> dict[str, Any]:
    """Describe every operation."""
    models: list[tuple[type[BaseModel], Any]] = [(ProblemDocument, "serialization")]
    for operation in OPERATIONS:
        models += [(operation.gives, "serialization")] if operation.gives else []
        models += [(operation.body, "validation")] if operation.body else []
        models += [(operation.query, "validation")] if operation.query else []
    places, schemas = models_json_schema(list(dict.fromkeys(models)), ref_template=_AT)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        described = _describe(operation, places, schemas["$defs"])
        paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = described
    queries = {operation.query.__name__ for operation in OPERATIONS if operation.query}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Eshnav", "version": __version__, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: schema for name, schema in schemas["$defs"].items() if name not in queries},
        },
    }


_INTRODUCTION = (
    "Lists come in pages: pass `next` of one page as `cursor` of the following; it is null at the end. Every refusal "
    "is a problem document (RFC 9457)."
)


def _describe(operation: Operation, places: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "tags": [operation.path.split("/")[1]],
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation, places),
    }
    if operation.body:
        schema = places[operation.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameters(operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}})
    if operation.is_keyed:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            }
        )
    if operation.query:
        properties = schemas[operation.query.__name__]["properties"]
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]
    return found


def _responses(operation: Operation, places: Any) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": places[ProblemDocument, "serialization"]}}
    success: dict[str, Any] = {"description": "Done"}
    if operation.gives:
        success["content"] = {"application/json": {"schema": places[operation.gives, "serialization"]}}
    refusals = {status: {"description": words, "content": problem} for status, words in _REFUSALS.items()}
    return {str(operation.status): success} | refusals
