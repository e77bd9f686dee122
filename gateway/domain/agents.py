"""Who may use Eshnav: agents with their roles, and the scopes of API tokens. Passwords and sessions are the store's."""

from enum import StrEnum

from msgspec import Struct

from gateway.domain.language import Language


class Role(StrEnum):
    """What an agent may do; `gateway.web.server.access` says which pages each role opens."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPERATIONS = "operations"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API token may do."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONVERSATIONS_READ = "conversations:read"
    MESSAGES_WRITE = "messages:write"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_WRITE = "deliveries:write"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_WRITE = "knowledge:write"


class Agent(Struct, frozen=True, kw_only=True):
    """A person who answers customers or runs the service. `language` is the one the screens speak to them."""

    agent_id: int
    email: str
    name: str
    role: Role
    language: Language = Language.HEBREW


class Session(Struct, frozen=True, kw_only=True):
    """A logged-in browser: whose it is, and the token its unsafe requests must carry."""

    agent: Agent
    csrf: str


class ApiToken(Struct, frozen=True, kw_only=True):
    """A program that may use the API, by the name its creator gave it."""

    token_id: int
    name: str
    scopes: frozenset[Scope]
