"""Turning the pages of `pages/` into HTML: what every page can say, show and format."""

from datetime import datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.domain.agents import Session
from gateway.domain.decision import Reason
from gateway.domain.language import SPOKEN, Language
from gateway.runtime import clock
from gateway.web.pages import assets, date_format, i18n
from gateway.web.server.services import SERVICES, Services
from gateway.web.server.sessions import SESSION
from routing.reasons import say as say_reason


@cache
def environment() -> Environment:
    """Load the pages; everything they print is escaped."""
    found = Environment(
        loader=PackageLoader("gateway.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["asset"] = assets.url
    return found


def language_of(request: web.Request) -> Language:
    """Choose the language of a screen: the agent's own, else what the visitor asks for, else the organisation's."""
    session: Session | None = request.get(SESSION)
    if session is not None:
        return session.agent.language
    asked = request.query.get("lang")
    if asked in SPOKEN:
        return Language(asked)
    return i18n.spoken(request.headers.get("Accept-Language", ""), request.app[SERVICES].settings.default_language)


def page(request: web.Request, name: str, *, status: int = 200, **values: object) -> web.Response:
    """Render a page or a part of one for whoever asked."""
    return web.Response(text=html(request, name, **values), content_type="text/html", status=status)


def html(request: web.Request, name: str, **values: object) -> str:
    """Render a page or a part of one to text."""
    language = language_of(request)
    session: Session | None = request.get(SESSION)
    return (
        environment()
        .get_template(name)
        .render(
            language=language,
            direction="rtl" if language is Language.HEBREW else "ltr",
            session=session,
            agent=session.agent if session else None,
            csrf=session.csrf if session else "",
            path=request.path,
            **_tools(language, request.app[SERVICES]),
            **values,
        )
    )


def _tools(language: Language, services: Services) -> dict[str, object]:
    zone, now = ZoneInfo(services.reference.policy.queues[0].hours.zone), clock.now()
    organisation = services.reference.policy.organisation
    return {
        "organisation": organisation.get(language) or next(iter(organisation.values()), "Eshnav"),
        "t": lambda key, **values: i18n.say(key, language, **values),
        "known": partial(_known, language=language),
        "time_of": lambda at: date_format.clock_time(at, language, zone),
        "day_of": lambda at: date_format.day(at, language, zone, now=now),
        "briefly": lambda at: date_format.briefly(at, language, zone, now=now),
        "fully": lambda at: date_format.fully(at, language, zone),
        "size_of": lambda size_bytes: date_format.size(size_bytes, language),
        "span_of": lambda difference: date_format.span(difference, language),
        "late": lambda at: at < now,
        "until": lambda at: at - now if at > now else timedelta(),
        "since": lambda at: _since(at, now),
        "why": lambda reason: _why(reason, language),
        "plain": plain_address,
    }


def _since(at: datetime, now: datetime) -> timedelta:
    return now - at


def _known(key: str, fallback: str, language: Language) -> str:
    return i18n.say(key, language) if i18n.has(key, language) else fallback


def _why(reason: Reason, language: Language) -> str:
    return say_reason(reason, language)


def plain_address(uri: str) -> str:
    """Write an address as people do: without its scheme."""
    return uri.partition(":")[2] or uri
