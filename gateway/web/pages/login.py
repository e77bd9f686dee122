"""Logging in and out, and an agent's own account: password and language."""

from aiohttp import web

from gateway.access import accounts
from gateway.access.accounts import LoginRefused, TooManyAttempts
from gateway.domain.errors import Refused
from gateway.domain.language import SPOKEN, Language
from gateway.web.pages import render
from gateway.web.server import sessions
from gateway.web.server.headers import peer
from gateway.web.server.problems import Problem
from gateway.web.server.services import SERVICES
from gateway.web.server.sessions import SESSION


async def login_page(request: web.Request) -> web.StreamResponse:
    """Ask who it is."""
    if await sessions.find(request) is not None:
        raise web.HTTPSeeOther(_target(request.query.get("next", "/")))
    return render.page(request, "login.html", error="", email="", next=_target(request.query.get("next", "/")))


async def log_in(request: web.Request) -> web.StreamResponse:
    """Check who it is, and give the browser a session of its own; whatever session it had ends."""
    if sessions.is_from_elsewhere(request):
        raise Problem(status=403, kind="forged", detail="log in on our own page")
    services, form = request.app[SERVICES], await request.post()
    email, target = str(form.get("email", "")), _target(str(form.get("next", "/")))
    try:
        new = await accounts.log_in(
            services.pool, email=email, password=str(form.get("password", "")), peer=peer(request)
        )
    except LoginRefused:
        return render.page(request, "login.html", status=401, error="login.wrong", email=email, next=target)
    except TooManyAttempts:
        return render.page(request, "login.html", status=429, error="login.too_many", email=email, next=target)
    await accounts.log_out(services.pool, sessions.token_of(request))
    response = web.Response(status=303, headers={"Location": target})
    sessions.begin(response, services, new.token)
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    services = request.app[SERVICES]
    await accounts.log_out(services.pool, sessions.token_of(request))
    response = web.Response(status=303, headers={"Location": "/login", "Clear-Site-Data": '"storage"'})
    sessions.end(response, services)
    return response


async def account_page(request: web.Request) -> web.StreamResponse:
    """Show an agent their own account."""
    return render.page(request, "account.html", error="", section="account")


async def change_password(request: web.Request) -> web.StreamResponse:
    """Change an agent's own password; every session ends, so they log in anew."""
    services, form = request.app[SERVICES], await request.post()
    old, new = str(form.get("old", "")), str(form.get("new", ""))
    try:
        await accounts.change_password(services.pool, request[SESSION].agent, old=old, new=new, peer=peer(request))
    except LoginRefused:
        return render.page(request, "account.html", status=409, error="account.old_wrong", section="account")
    except TooManyAttempts:
        return render.page(request, "account.html", status=429, error="login.too_many", section="account")
    except Refused:
        return render.page(request, "account.html", status=409, error="account.new_bad", section="account")
    response = web.Response(status=303, headers={"Location": "/login"})
    sessions.end(response, services)
    return response


async def change_language(request: web.Request) -> web.StreamResponse:
    """Make the screens speak the other language."""
    form = await request.post()
    wanted = str(form.get("language", ""))
    if wanted not in SPOKEN:
        raise Refused("the screens speak Hebrew and English")
    await accounts.speak(request.app[SERVICES].pool, request[SESSION].agent, Language(wanted))
    raise web.HTTPSeeOther(_target(str(form.get("next", "/"))))


def _target(path: str) -> str:
    """Keep a way back only when it stays on this site."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
