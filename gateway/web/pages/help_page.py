"""What customers open without a login: the help page, and the page behind a mail's unsubscribe link."""

from collections.abc import Sequence

from aiohttp import web

from gateway.domain.language import Language
from gateway.knowledge import articles as knowledge
from gateway.knowledge.cards import ArticleCard, DraftText
from gateway.people.unsubscribing import read, unsubscribe
from gateway.web.pages import render
from gateway.web.server.problems import Problem
from gateway.web.server.services import SERVICES

_ALL = 200
_LONGEST_QUESTION = 200


async def show(request: web.Request) -> web.StreamResponse:
    """Show the knowledge base by category, or what answers a question."""
    services, language = request.app[SERVICES], render.language_of(request)
    question = request.query.get("q", "").strip()[:_LONGEST_QUESTION]
    found = await knowledge.search(services.pool, services.reference, question, language) if question else []
    articles = await knowledge.list_articles(services.pool, cursor=None, limit=_ALL, published_only=True)
    return render.page(
        request,
        "help.html",
        question=question,
        found=[match.article.text_in(language) for match in found],
        categories=_by_category(articles.items, language),
    )


async def unsubscribe_page(request: web.Request) -> web.StreamResponse:
    """Ask before unsubscribing: a GET changes nothing, since mail scanners follow links."""
    _address(request)
    return render.page(request, "unsubscribe.html", done=False)


async def unsubscribe_now(request: web.Request) -> web.StreamResponse:
    """Unsubscribe the address of the link: from the page's button, or from the mail program (RFC 8058)."""
    await unsubscribe(request.app[SERVICES].pool, _address(request), how="unsubscribe link")
    return render.page(request, "unsubscribe.html", done=True)


def _address(request: web.Request) -> int:
    secret = request.app[SERVICES].settings.derived_secret("unsubscribe")
    address_id = read(secret, request.match_info["token"])
    if address_id is None:
        raise Problem(status=404, kind="not-found")
    return address_id


def _by_category(articles: Sequence[ArticleCard], language: Language) -> dict[str, list[DraftText]]:
    found: dict[str, list[DraftText]] = {}
    for article in articles:
        text = next((text for text in article.texts if text.language == language), None)
        if text is not None:
            found.setdefault(article.category, []).append(text)
    return found
