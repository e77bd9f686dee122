"""Every route against every role: what is not opened by a table is shut."""

import re

import pytest

from gateway.domain.agents import Role, Scope
from gateway.web.api.table import BASE, OPERATIONS
from gateway.web.server.access import EVERYONE
from gateway.web.server.application import routes

RESTRICTED = [route for route in routes() if route.roles is not None]
UNSAFE = [route for route in RESTRICTED if route.method == "POST"]


def name(route):
    return f"{route.method} {route.path}"


def filled(path):
    return re.sub(r"\{[^}]+\}", "987654", path)


async def test_no_route_exists_outside_the_tables(office):
    tabled = {(route.method, route.path.replace(":.*", "")) for route in routes()}
    tabled |= {(each.method, BASE + each.path) for each in OPERATIONS}

    routed = {(route.method, route.resource.canonical) for route in office.client.app.router.routes()}

    assert routed == tabled


@pytest.mark.parametrize("route", RESTRICTED, ids=name)
async def test_a_visitor_is_sent_to_the_login(office, route):
    answer = await office.client.request(route.method, filled(route.path), allow_redirects=False)

    assert answer.status in (303, 401)
    assert answer.status == 401 or answer.headers["Location"].startswith("/login")


@pytest.mark.parametrize("role", Role)
async def test_each_role_opens_its_own_pages_and_no_others(office, role):
    await office.hire(role)
    await office.log_in()
    csrf = await office.csrf()
    for route in RESTRICTED:
        if route.path in ("/logout", "/live"):
            continue
        answer = await office.client.request(
            route.method, filled(route.path), headers={"X-CSRF-Token": csrf}, allow_redirects=False
        )
        assert (answer.status == 403) == (role not in route.roles), f"{role} at {name(route)}: {answer.status}"


@pytest.mark.parametrize("route", UNSAFE, ids=name)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no token"),
        pytest.param({"X-CSRF-Token": "guess"}, id="a guessed token"),
        pytest.param({"Origin": "https://evil.example"}, id="another site"),
    ],
)
async def test_nothing_changes_on_a_request_that_is_not_from_our_screens(office, route, headers):
    await office.hire(Role.ADMIN)
    await office.log_in()
    right = {"X-CSRF-Token": await office.csrf()} if "Origin" in headers else {}

    answer = await office.client.post(filled(route.path), headers=right | headers, allow_redirects=False)

    assert answer.status == 403


def test_agents_do_not_see_operations():
    roles = {route.path: route.roles for route in RESTRICTED}

    assert Role.AGENT not in roles["/operations"]
    assert roles["/"] == EVERYONE


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
async def test_each_operation_needs_its_own_scope(office, operation):
    path = BASE + filled(operation.path)
    others = await office.token(*(set(Scope) - {operation.scope}))

    assert (await office.client.request(operation.method, path)).status == 401
    assert (await office.client.request(operation.method, path, headers=others)).status == 403


@pytest.mark.parametrize("path", ["/", "/login", "/help", "/nowhere", "/api/v1/cases", "/static/app.css", "/healthz"])
async def test_every_answer_carries_the_security_headers(office, path):
    headers = (await office.client.get(path, allow_redirects=False)).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Request-Id"]
