"""The inbox: the list of conversations, one opened, and what an agent does there. Each action also works without JS."""

from typing import Any
from uuid import uuid4

from aiohttp import web
from multidict import MultiDictProxy

from channels.phone import to_e164
from gateway.desk import cases, inbox, reply
from gateway.desk.cards import Thread
from gateway.desk.reply import ReplyRequest
from gateway.desk.store.conversations import Wanted
from gateway.domain.agents import Agent
from gateway.domain.cases import CaseStatus
from gateway.domain.channel import Channel
from gateway.domain.errors import AddressError, Conflict, Refused
from gateway.domain.ids import bigint_of
from gateway.domain.paging import BadCursor
from gateway.people import contacts
from gateway.runtime import clock
from gateway.web.pages import render
from gateway.web.pages.composer import reply_options
from gateway.web.server.paths import number
from gateway.web.server.services import SERVICES
from gateway.web.server.sessions import SESSION
from gateway.wording.segments import count

VIEWS = ("open", "mine", "unassigned", "all")
_LIST_LENGTH = 40
_LONGEST_SEARCH = 200
_LONGEST_KEY = 100


async def home(request: web.Request) -> web.StreamResponse:
    """Show the list with nothing opened yet."""
    return render.page(request, "inbox.html", thread=None, section="inbox", **await _list(request))


async def part_list(request: web.Request) -> web.StreamResponse:
    """Give the list alone, for a screen that refreshes or scrolls it."""
    name = "more_rows.html" if "cursor" in request.query else "list.html"
    return render.page(request, name, **await _list(request))


async def conversation(request: web.Request) -> web.StreamResponse:
    """Show the list and one conversation; opening it marks it as read."""
    return await _whole(request, error="", draft="")


async def part_thread(request: web.Request) -> web.StreamResponse:
    """Give one conversation alone, for a screen that refreshes it or scrolls it back."""
    services, conversation_id = request.app[SERVICES], number(request)
    before = request.query.get("before", "")
    thread = await inbox.open_thread(services.pool, conversation_id, before=bigint_of(before))
    if before:
        return render.page(request, "earlier.html", thread=thread)
    await inbox.mark_seen(services.pool, conversation_id, request[SESSION].agent)
    return _thread(request, thread)


async def send(request: web.Request) -> web.StreamResponse:
    """Send a reply or keep a note, once per key however often it is asked for."""
    form = await request.post()
    text = str(form.get("text", ""))
    try:
        await _write(request, text, mode=str(form.get("mode", "")), way=str(form.get("way", "")), key=_key(form))
    except (Refused, Conflict) as error:
        if "HX-Request" in request.headers:
            raise
        return await _whole(request, error=str(error), draft=text)
    return await _done(request, number(request), sent=True)


async def _write(request: web.Request, text: str, *, mode: str, way: str, key: str) -> None:
    services, agent, conversation_id = request.app[SERVICES], request[SESSION].agent, number(request)
    pool, notifier = services.pool, services.notifier
    if mode == "note":
        await inbox.note(pool, notifier, conversation_id=conversation_id, agent=agent, text=text, idempotency_key=key)
        return
    channel, address_id = _way(way)
    reply_request = ReplyRequest(text=text, idempotency_key=key, channel=channel, address_id=address_id)
    await reply.reply(pool, notifier, conversation_id=conversation_id, request=reply_request, author=agent)


def _key(form: MultiDictProxy[str | bytes | bytearray | web.FileField]) -> str:
    key = str(form.get("key", ""))
    if not key or len(key) > _LONGEST_KEY:
        raise Refused("reload the page and try again")
    return key


async def take(request: web.Request) -> web.StreamResponse:
    """Take the conversation over, so that the bot steps aside."""
    services, conversation_id = request.app[SERVICES], number(request)
    await cases.take(services.pool, services.notifier, conversation_id=conversation_id, agent=request[SESSION].agent)
    return await _done(request, conversation_id)


async def resolve(request: web.Request) -> web.StreamResponse:
    """Close the open case."""
    return await _settle(request, CaseStatus.RESOLVED)


async def reopen(request: web.Request) -> web.StreamResponse:
    """Open the newest case again."""
    return await _settle(request, CaseStatus.OPEN)


async def segments(request: web.Request) -> web.StreamResponse:
    """Count what a text would cost as an SMS; the text comes in the body, so that no log keeps it."""
    text = str((await request.post()).get("text", ""))
    return render.page(request, "segments.html", cost=count(text) if text else None)


async def _settle(request: web.Request, status: CaseStatus) -> web.StreamResponse:
    services, conversation_id = request.app[SERVICES], number(request)
    await cases.settle(
        services.pool, services.notifier, conversation_id=conversation_id, agent=request[SESSION].agent, status=status
    )
    return await _done(request, conversation_id)


async def _done(request: web.Request, conversation_id: int, *, sent: bool = False) -> web.StreamResponse:
    if "HX-Request" not in request.headers:
        raise web.HTTPSeeOther(f"/conversations/{conversation_id}")
    thread = await inbox.open_thread(request.app[SERVICES].pool, conversation_id)
    response = _thread(request, thread)
    if sent:
        response.headers["HX-Trigger"] = f'{{"sent": {{"key": "{uuid4()}"}}}}'
    return response


def _thread(request: web.Request, thread: Thread) -> web.Response:
    return render.page(request, "thread.html", thread=thread, is_part=True, **_composer(request, thread))


async def _whole(request: web.Request, *, error: str, draft: str) -> web.StreamResponse:
    services, conversation_id = request.app[SERVICES], number(request)
    thread = await inbox.open_thread(services.pool, conversation_id)
    await inbox.mark_seen(services.pool, conversation_id, request[SESSION].agent)
    return render.page(
        request,
        "inbox.html",
        status=409 if error else 200,
        thread=thread,
        is_part=False,
        section="inbox",
        error=error,
        draft=draft,
        key=str(uuid4()),
        **_composer(request, thread),
        **await _list(request),
    )


def _composer(request: web.Request, thread: Thread) -> dict[str, Any]:
    return {"reply_options": reply_options(thread, clock.now(), chosen=request.query.get("way", ""))}


async def _list(request: web.Request) -> dict[str, Any]:
    services, agent = request.app[SERVICES], request[SESSION].agent
    view = request.query.get("view", "open")
    search = request.query.get("q", "").strip()[:_LONGEST_SEARCH]
    wanted = _wanted(search, view, agent, services.settings.default_region)
    try:
        page = await inbox.list_conversations(
            services.pool, wanted, cursor=request.query.get("cursor"), limit=_LIST_LENGTH
        )
    except BadCursor:
        page = await inbox.list_conversations(services.pool, wanted, cursor=None, limit=_LIST_LENGTH)
    return {
        "rows": page.items,
        "next": page.next,
        "view": view if view in VIEWS else "open",
        "views": VIEWS,
        "search": search,
        "counts": await inbox.count_waiting(services.pool, agent),
        "current": _current(request),
    }


def _wanted(search: str, view: str, agent: Agent, region: str) -> Wanted:
    if not search:
        return Wanted(which=view if view in VIEWS else "open", agent_id=agent.agent_id)
    uris = [f"mailto:{search.lower()}"] if "@" in search else []
    try:
        uris += contacts.known_forms(to_e164(search, region))
    except AddressError:
        uris += []
    number = search.upper() if search.upper().startswith("C-") else f"C-{search}"
    return Wanted(which="found", agent_id=agent.agent_id, uris=tuple(uris), case_number=number, name_part=search)


def _way(text: str) -> tuple[Channel | None, int | None]:
    channel, _, address = text.partition(":")
    if channel not in set(Channel):
        return None, None
    return Channel(channel), bigint_of(address)


def _current(request: web.Request) -> int:
    text = request.match_info.get("id", request.query.get("current", ""))
    return bigint_of(text) or 0
