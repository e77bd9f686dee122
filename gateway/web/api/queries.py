"""The query strings and paths of the API."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.cases import CaseStatus
from gateway.domain.outbox import Status
from gateway.web.api.models import Id

Cursor = Annotated[str | None, Field(max_length=200, description="where the previous page ended")]


class Query(BaseModel):
    """A query string: unknown parameters are refused, so that a filter with a typing error is noticed."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Query):
    """How much of a list, and from where."""

    cursor: Cursor = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ContactsQuery(ListQuery):
    """Which contacts."""

    address: Annotated[str | None, Field(max_length=400, description="tel:+972…, mailto:… or wa:…")] = None


class CasesQuery(ListQuery):
    """Which cases."""

    status: CaseStatus | None = None


class DeliveriesQuery(ListQuery):
    """Which deliveries; `failed` ones are the dead letters."""

    status: Status | None = None


class OnePath(BaseModel):
    """The id in a path."""

    id: Id
