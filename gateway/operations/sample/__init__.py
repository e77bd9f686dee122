"""What a first start finds: the sample organisation beside the sandbox, or just an administrator for a real one."""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from importlib import resources
from typing import Any

from gateway.access.accounts import create_user, is_anybody_known
from gateway.domain.agents import Role
from gateway.domain.cases import Severity
from gateway.domain.language import Language
from gateway.domain.policy import Hours, Policy, QueueRule
from gateway.intake.store import reference
from gateway.knowledge.importing import read_articles, store_articles
from gateway.store.db import Pool


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstLogin:
    """An account made for the first person to log in; the password is shown once and kept nowhere."""

    email: str
    password: str = field(repr=False)


FIRST_ADMINISTRATOR = "admin@localhost"


async def make_first_login(pool: Pool) -> tuple[FirstLogin, ...]:
    """Make an administrator for an organisation that has no agent yet; gives the login made, none the next time."""
    if await is_anybody_known(pool):
        return ()
    return (await _make_login(pool, email=FIRST_ADMINISTRATOR, name="Administrator", role=Role.ADMIN),)


async def load_sample(pool: Pool) -> tuple[FirstLogin, ...]:
    """Load the sample organisation into a database that has no agent yet; gives the logins made, none the next time."""
    if await is_anybody_known(pool):
        return ()
    organisation = tomllib.loads(_read("organisation.toml"))
    async with pool.acquire() as connection, connection.transaction():
        await reference.save_policy(connection, read_policy(organisation))
    await store_articles(pool, read_articles(_read("knowledge.toml").encode()))
    logins = []
    for number, agent in enumerate(organisation["agent"]):
        role, language = Role.ADMIN if number == 0 else Role.AGENT, Language(agent["languages"][0])
        logins.append(await _make_login(pool, email=agent["email"], name=agent["name"], role=role, language=language))
    return tuple(logins)


async def _make_login(
    pool: Pool, *, email: str, name: str, role: Role, language: Language = Language.HEBREW
) -> FirstLogin:
    login = FirstLogin(email=email, password=secrets.token_urlsafe(9))
    await create_user(pool, email=email, name=name, password=login.password, role=role, language=language)
    return login


def read_policy(organisation: Mapping[str, Any]) -> Policy:
    """Read an organisation's policy from its parsed TOML document."""
    weekdays = {
        int(day): (time.fromisoformat(opens), time.fromisoformat(closes))
        for day, (opens, closes) in organisation["hours"]["weekdays"].items()
    }
    hours = Hours(zone=organisation["hours"]["zone"], weekdays=weekdays)
    return Policy(
        organisation={Language(language): name for language, name in organisation["name"].items()},
        help_url=organisation["help_url"],
        queues=tuple(_queue(queue, hours) for queue in organisation["queue"]),
    )


def _queue(queue: Mapping[str, Any], hours: Hours) -> QueueRule:
    return QueueRule(
        name=queue["name"],
        hours=hours,
        topics={topic: tuple(words) for topic, words in queue["topics"].items()},
        languages=frozenset(Language(language) for language in queue["languages"]),
        answer_minutes={Severity[name.upper()]: minutes for name, minutes in queue["answer_minutes"].items()},
    )


def _read(name: str) -> str:
    return (resources.files("gateway.operations.sample") / name).read_text(encoding="utf-8")
