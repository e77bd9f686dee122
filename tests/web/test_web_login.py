"""Logging in, staying in and getting out; and that nobody else can act for an agent."""

from dataclasses import replace
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from multidict import CIMultiDict
from web_kit import PASSWORD, running_office

from gateway.access import accounts
from gateway.domain.agents import Role
from gateway.domain.errors import Conflict, Refused
from gateway.web.pages.login import _target
from gateway.web.server.headers import peer
from gateway.web.server.services import SERVICES


async def test_an_agent_logs_in_and_out(office):
    await office.hire()

    assert (await office.log_in()).status == 303
    assert (await office.client.get("/account", allow_redirects=False)).status == 200
    await office.client.post("/logout", data={"csrf": await office.csrf()})
    assert (await office.client.get("/account", allow_redirects=False)).status == 303


async def test_nobody_learns_which_emails_exist(office):
    await office.hire()

    wrong = await office.log_in(password="not the password at all")
    unknown = await office.log_in(email="nobody@example.com", password="not the password at all")

    assert wrong.status == unknown.status == 401
    assert (await wrong.text()).replace("noa@", "nobody@") == await unknown.text()


async def test_guessing_is_stopped_before_a_hash_is_made(office, monkeypatch):
    await office.hire()
    hashes = []
    real = accounts._matches
    monkeypatch.setattr(accounts, "_matches", lambda *each: hashes.append(1) or real(*each))

    for _ in range(30):
        await office.log_in(password="one more guess at it")
    locked = await office.log_in()

    assert locked.status == 429
    assert len(hashes) == accounts.FAILURES_PER_MAILBOX_AND_PEER


async def test_a_login_gives_a_new_session_every_time(office):
    await office.hire()

    first = (await office.log_in()).cookies["eshnav"].value
    second = (await office.log_in()).cookies["eshnav"].value

    assert first != second
    assert await accounts.find_session(office.pool, first) is None


async def test_the_database_holds_no_usable_secret(office):
    await office.hire()
    cookie = (await office.log_in()).cookies["eshnav"].value
    token = (await office.token())["Authorization"].removeprefix("Bearer ")

    dump = str(await office.pool.fetch("SELECT * FROM agent, agent_session, api_token"))

    assert cookie not in dump
    assert token not in dump
    assert PASSWORD not in dump


async def test_a_new_password_ends_every_session(office):
    await office.hire()
    await office.log_in()
    form = {"csrf": await office.csrf(), "old": PASSWORD, "new": "another quiet window"}

    assert (await office.client.post("/account/password", data=form, allow_redirects=False)).status == 303
    assert await office.pool.fetchval("SELECT count(*) FROM agent_session") == 0
    assert (await office.log_in()).status == 401
    assert (await office.log_in(password="another quiet window")).status == 303


@pytest.mark.parametrize(
    ("age", "is_in"),
    [
        pytest.param("seen_at = now() - interval '29 minutes'", True, id="a short pause"),
        pytest.param("seen_at = now() - interval '31 minutes'", False, id="idle for half an hour"),
        pytest.param("created_at = now() - interval '12 hours 1 minute'", False, id="half a day old"),
    ],
)
async def test_sessions_end_by_themselves(office, age, is_in):
    await office.hire()
    cookie = (await office.log_in()).cookies["eshnav"].value
    await office.pool.execute(f"UPDATE agent_session SET {age}")

    assert (await accounts.find_session(office.pool, cookie) is not None) == is_in


async def test_an_agent_who_left_is_out_at_once(office):
    await office.hire()
    await office.log_in()
    await office.pool.execute("UPDATE agent SET active = false")

    assert (await office.client.get("/account", allow_redirects=False)).status == 303


async def test_over_https_the_cookie_is_bound_to_the_host_and_to_encryption(pool, redis_url, tmp_path):
    async with running_office(pool, redis_url, tmp_path) as office:
        settings = replace(office.services.settings, public_url="https://desk.example.com")
        object.__setattr__(office.services, "settings", settings)
        await office.hire()

        answer = await office.log_in()

        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-eshnav=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another site says so"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="the browser says so"),
    ],
)
async def test_no_other_site_can_log_anybody_in(office, headers):
    await office.hire()

    assert (await office.log_in(**headers)).status == 403


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/conversations/3", "/conversations/3"),
        pytest.param("https://evil.example/", "/", id="another site"),
        pytest.param("//evil.example", "/", id="another site, without a scheme"),
        pytest.param("/\\evil.example", "/", id="a backslash browsers read as a slash"),
        pytest.param("/a\r\nSet-Cookie: x", "/", id="a second header"),
    ],
)
def test_the_way_back_after_a_login_stays_on_this_site(asked, given):
    assert _target(asked) == given


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"email": "no mailbox"}, id="no email"),
        pytest.param({"password": "short"}, id="a short password"),
        pytest.param({"password": "x" * 300}, id="a password without end"),
        pytest.param({"role": "owner"}, id="no role of ours"),
        pytest.param({"language": "ar"}, id="a language no screen speaks"),
    ],
)
async def test_an_account_that_is_no_good_is_refused(pool, change):
    good = {"email": "a@example.com", "name": "A", "password": PASSWORD, "role": Role.AGENT}

    with pytest.raises(Refused):
        await accounts.create_user(pool, **(good | change))


async def test_an_email_belongs_to_one_agent_whatever_its_case(pool):
    good = {"name": "A", "password": PASSWORD, "role": Role.AGENT}
    await accounts.create_user(pool, email="a@example.com", **good)

    with pytest.raises(Conflict):
        await accounts.create_user(pool, email="A@Example.com ", **good)


async def test_a_hebrew_password_is_the_same_however_it_is_typed(pool):
    composed, apart = "\ufb2aלום עולם גדול", "\u05e9\u05c1לום עולם גדול"
    await accounts.create_user(pool, email="a@example.com", name="A", password=composed, role=Role.AGENT)

    assert composed != apart
    assert await accounts.log_in(pool, email="a@example.com", password=apart, peer="x")


@pytest.mark.parametrize("secret", ["", "esh_", "esh_guess", "ESH_x", "\0"])
async def test_a_token_that_is_none_opens_nothing(pool, secret):
    assert await accounts.find_token(pool, secret) is None


async def test_a_token_ends_when_it_expires_or_is_revoked(pool):
    sooner = await pool.fetchval("SELECT now() - interval '1 second'")
    old = await accounts.create_token(pool, name="old", scopes=["cases:read"], expires_at=sooner)
    live = await accounts.create_token(pool, name="live", scopes=["cases:read"])
    assert await accounts.find_token(pool, old) is None
    assert await accounts.find_token(pool, live)

    await pool.execute("UPDATE api_token SET revoked_at = now()")

    assert await accounts.find_token(pool, live) is None


@pytest.mark.parametrize("scopes", [[], ["everything"]])
async def test_a_token_has_scopes_that_exist(pool, scopes):
    with pytest.raises(Refused):
        await accounts.create_token(pool, name="x", scopes=scopes)


def test_a_caller_is_the_nearest_hop_that_is_not_our_proxy():
    def ask(remote, forwarded):
        services = SimpleNamespace(trusted_proxies=(ip_network("10.0.0.0/8"),))
        headers = CIMultiDict({"X-Forwarded-For": forwarded})
        return peer(SimpleNamespace(remote=remote, headers=headers, app={SERVICES: services}))

    assert ask("203.0.113.9", "198.51.100.7") == "203.0.113.9"
    assert ask("10.0.0.2", "192.0.2.66, 198.51.100.7") == "198.51.100.7"
    assert ask("10.0.0.2", "198.51.100.7, 10.0.0.1") == "198.51.100.7"
