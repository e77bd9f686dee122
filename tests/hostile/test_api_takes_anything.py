"""Whatever a program with a valid token sends to the API by its own description, and beyond it: no 5xx, ever."""

import asyncio
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from gateway.domain.agents import Scope
from gateway.web.api.openapi import document
from gateway.web.api.table import OPERATIONS

EXAMPLES = [5, pytest.param(60, marks=pytest.mark.slow)]
ODD = ["0", "-1", "9" * 30, "1e3", "\x00", "../", "א", "' OR 1=1", "\u202e", "None", "[]", "%", "eyJh"]


@pytest.fixture
async def known_id(office):
    """An id that is found, so that not every call ends at 404."""
    await office.text("שלום, יש לי שאלה מוזרה על הטלוויזיה")
    await office.text("hours?", sender="+972501234568")
    return await office.pool.fetchval("SELECT id FROM conversation ORDER BY id LIMIT 1")


@pytest.mark.parametrize("examples", EXAMPLES)
async def test_no_request_by_the_description_or_against_it_breaks_the_api(office, known_id, examples):
    api = schemathesis.openapi.from_dict(document())
    headers = await office.token(*Scope)
    broken: list[str] = []
    with requests.Session() as session:

        def explore(operation, mode) -> None:
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
            def send(case, is_known):
                for name in [name for name in case.headers if name.lower() == "authorization"]:
                    del case.headers[name]
                if is_known and "id" in (case.path_parameters or {}):
                    case.path_parameters["id"] = known_id
                try:
                    answer = case.call(
                        base_url=str(office.client.make_url("/")), headers=headers, session=session, timeout=10
                    )
                except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL):
                    return
                if answer.status_code >= 500:
                    broken.append(f"{case.method} {case.formatted_path} {case.query} {case.body!r} {answer.text}")

            send()

        for operation in api.get_all_operations():
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                await asyncio.to_thread(explore, operation.ok(), mode)
    assert broken == []


async def test_odd_ids_cursors_and_addresses_are_refused_in_peace(office):
    headers = await office.token(*Scope)
    broken = []
    for operation in OPERATIONS:
        for odd in ODD:
            path = "/api/v1" + operation.path.replace("{id}", quote(odd, errors="surrogateescape"))
            query = dict.fromkeys(("cursor", "limit", "address", "status"), odd)
            for params in ({}, query, {"cursor": odd}, {"address": odd}):
                answer = await office.client.request(
                    operation.method, path, params=encodable(params), headers=headers, data=odd.encode(errors="replace")
                )
                broken += [(operation.name, odd, params)] if answer.status >= 500 else []
    assert broken == []


def encodable(params: dict[str, str]) -> dict[str, str]:
    return {name: value.encode(errors="replace").decode() for name, value in params.items()}
