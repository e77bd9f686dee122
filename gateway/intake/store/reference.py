"""Policy, knowledge articles and endpoints: what every decision refers to."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from gateway.domain.cases import Severity
from gateway.domain.channel import Endpoint
from gateway.domain.knowledge import Article, ArticleText
from gateway.domain.language import Language
from gateway.domain.policy import Hours, Policy, QueueRule
from gateway.runtime.clock import now
from gateway.runtime.days_off import days_off_ahead
from gateway.store.db import Connection, load_queries, to_json

_QUERIES = load_queries(__file__)

DEFAULT_POLICY = Policy(
    organisation={Language.HEBREW: "אשנב", Language.ENGLISH: "Eshnav"},
    queues=(
        QueueRule(
            name="general",
            hours=Hours(zone="Asia/Jerusalem", weekdays={day: (time(8), time(18)) for day in (6, 0, 1, 2, 3)}),
            topics={},
            answer_minutes={
                Severity.CRITICAL: 30,
                Severity.HIGH: 60,
                Severity.NORMAL: 240,
                Severity.LOW: 480,
            },
        ),
    ),
)


async def knowledge_version(connection: Connection) -> int:
    """Say which state of knowledge and policy is current."""
    version: int = await _QUERIES.knowledge_version(connection)
    return version


async def load_articles(connection: Connection) -> list[Article]:
    """Load the published articles with all their texts."""
    texts: dict[int, list[ArticleText]] = {}
    rows = [row async for row in _QUERIES.load_articles(connection)]
    for row in rows:
        texts.setdefault(row["id"], []).append(
            ArticleText(
                language=Language(row["language"]),
                title=row["title"],
                answer=row["answer"],
                variants=tuple(row["variants"]),
            )
        )
    heads = {row["id"]: row for row in rows}
    return [
        Article(article_id=row["id"], key=row["key"], category=row["category"], texts=tuple(texts[row["id"]]))
        for row in heads.values()
    ]


async def save_endpoints(connection: Connection, endpoints: Sequence[Endpoint]) -> dict[str, int]:
    """Make the stored endpoints follow the configuration; gives the id of each by its key."""
    rows = _QUERIES.save_endpoints(
        connection,
        keys=[endpoint.key for endpoint in endpoints],
        channels=[endpoint.channel for endpoint in endpoints],
        providers=[endpoint.provider for endpoint in endpoints],
        addresses=[endpoint.address for endpoint in endpoints],
        accounts=[endpoint.account for endpoint in endpoints],
        names=[endpoint.name for endpoint in endpoints],
        rates=[endpoint.sends_per_second for endpoint in endpoints],
    )
    return {row["key"]: row["id"] async for row in rows}


async def load_policy(connection: Connection) -> Policy:
    """Load the organisation's policy, or a plain one for an organisation that has not said."""
    document = await _QUERIES.load_policy(connection)
    return _policy(_document(DEFAULT_POLICY) if document is None else document)


async def save_policy(connection: Connection, policy: Policy) -> None:
    """Replace the organisation's policy."""
    await _QUERIES.save_policy(connection, document=to_json(_document(policy)))


def _document(policy: Policy) -> dict[str, object]:
    return {
        "organisation": {language.value: name for language, name in policy.organisation.items()},
        "help_url": policy.help_url,
        "queues": [
            {
                "name": queue.name,
                "zone": queue.hours.zone,
                "weekdays": {
                    str(day): [opens.isoformat(), closes.isoformat()]
                    for day, (opens, closes) in queue.hours.weekdays.items()
                },
                "topics": {topic: list(words) for topic, words in queue.topics.items()},
                "languages": sorted(queue.languages),
                "answer_minutes": {str(int(severity)): minutes for severity, minutes in queue.answer_minutes.items()},
            }
            for queue in policy.queues
        ],
    }


def _policy(document: dict[str, Any]) -> Policy:
    return Policy(
        organisation={Language(language): name for language, name in document["organisation"].items()},
        help_url=document["help_url"],
        queues=tuple(_queue(queue) for queue in document["queues"]),
    )


def _queue(document: dict[str, Any]) -> QueueRule:
    return QueueRule(
        name=document["name"],
        hours=Hours(
            zone=document["zone"],
            weekdays={
                int(day): (time.fromisoformat(opens), time.fromisoformat(closes))
                for day, (opens, closes) in document["weekdays"].items()
            },
            days_off=days_off_ahead(document["zone"], now().year),
        ),
        topics={topic: tuple(words) for topic, words in document["topics"].items()},
        languages=frozenset(Language(language) for language in document["languages"]),
        answer_minutes={Severity(int(severity)): minutes for severity, minutes in document["answer_minutes"].items()},
    )
