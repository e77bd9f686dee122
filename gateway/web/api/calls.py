"""What each operation of the API does: hand over to a use case, and write the result for the wire."""

from typing import TypeVar, cast

from pydantic import BaseModel

from gateway.desk import cases, inbox, reply, verification
from gateway.desk.reply import ReplyRequest
from gateway.desk.store.conversations import Wanted
from gateway.domain.consent import Purpose
from gateway.domain.language import Language
from gateway.domain.paging import id_after
from gateway.domain.people import Address
from gateway.knowledge import articles
from gateway.operations import dead_letters, overview
from gateway.people import contacts, merging, proofs
from gateway.runtime import clock
from gateway.web.api import models
from gateway.web.api.operation import Call
from gateway.web.api.queries import CasesQuery, ContactsQuery, DeliveriesQuery, ListQuery
from gateway.web.server.problems import Problem

Model = TypeVar("Model", bound=BaseModel)


async def list_contacts(call: Call) -> BaseModel:
    """List contacts, or find one by an address."""
    query = cast("ContactsQuery", call.query)
    page = await contacts.list_contacts(
        call.services.pool, address=query.address, cursor=query.cursor, limit=query.limit
    )
    return models.Many[models.Contact](items=[models.Contact.of(each) for each in page.items], next=page.next)


async def get_contact(call: Call) -> BaseModel:
    """Give a contact, or the one it was merged into."""
    return models.Contact.of(await contacts.get_contact(call.services.pool, call.id))


async def merge_contact(call: Call) -> BaseModel:
    """Merge another contact into this one."""
    body = cast("models.MergeRequest", call.body)
    merge_id = await merging.merge_by_agent(call.services.pool, body.contact_id, call.id, actor=_author(call))
    return models.Accepted(id=merge_id)


async def undo_merge(call: Call) -> None:
    """Undo a merge."""
    await merging.undo_merge(call.services.pool, call.id, actor=_author(call))


async def send_code(call: Call) -> BaseModel:
    """Send a code to an address the contact claims."""
    body, services = cast("models.ProofRequest", call.body), call.services
    contact = await contacts.get_contact(services.pool, call.id)
    proof_id = await verification.send_code(
        services.pool,
        services.intake.wording,
        contact_id=contact.contact_id,
        address=Address.from_text(body.address),
        endpoint_ids=services.reference.first_endpoints(),
        language=Language(contact.language or services.settings.default_language),
        now=clock.now(),
    )
    await services.notifier.wake_senders()
    return models.Accepted(id=proof_id)


async def confirm_code(call: Call) -> BaseModel:
    """Check a code and merge."""
    body = cast("models.ProofConfirmation", call.body)
    merge_id = await proofs.confirm_code(
        call.services.pool, call.id, body.code, contact_id=body.contact_id, actor=_author(call), now=clock.now()
    )
    if merge_id is None:
        raise Problem(status=422, kind="wrong-code", detail="the code is wrong, too old, or was tried too often")
    return models.Accepted(id=merge_id)


async def list_conversations(call: Call) -> BaseModel:
    """List conversations by latest activity."""
    query = cast("ListQuery", call.query)
    page = await inbox.list_conversations(
        call.services.pool, Wanted(which="all"), cursor=query.cursor, limit=query.limit
    )
    items = [models.Conversation.of(each) for each in page.items]
    return models.Many[models.Conversation](items=items, next=page.next)


async def get_conversation(call: Call) -> BaseModel:
    """Give a conversation, or the one it was merged into."""
    return models.Conversation.of(await inbox.get_conversation(call.services.pool, call.id))


async def list_messages(call: Call) -> BaseModel:
    """List the messages of a conversation, oldest first."""
    query = cast("ListQuery", call.query)
    page = await inbox.list_messages(call.services.pool, call.id, after=id_after(query.cursor), limit=query.limit)
    items = [models.Message.of(each, call.language) for each in page.items]
    return models.Many[models.Message](items=items, next=page.next)


async def send_message(call: Call) -> BaseModel:
    """Put a message into the outbox, once per key."""
    body = cast("models.NewMessage", call.body)
    message_id = await reply.reply(
        call.services.pool,
        call.services.notifier,
        conversation_id=call.id,
        request=ReplyRequest(
            text=body.text,
            idempotency_key=call.idempotency_key,
            channel=body.channel,
            purpose=Purpose(body.purpose),
        ),
        author=_author(call),
    )
    return models.Accepted(id=message_id)


async def list_cases(call: Call) -> BaseModel:
    """List cases, newest first."""
    query = cast("CasesQuery", call.query)
    page = await cases.list_cases(call.services.pool, status=query.status, cursor=query.cursor, limit=query.limit)
    return models.Many[models.Case](items=[models.Case.of(each) for each in page.items], next=page.next)


async def get_case(call: Call) -> BaseModel:
    """Give a case."""
    return models.Case.of(await cases.get_case(call.services.pool, call.id))


async def change_case(call: Call) -> BaseModel:
    """Change where a case stands, who has it, or both."""
    body = cast("models.CaseChange", call.body)
    changed = await cases.update(
        call.services.pool,
        call.services.notifier,
        case_id=call.id,
        by=f"api:{call.token.name}",
        status=body.status,
        assignee=body.assignee,
        unassign="assignee" in body.model_fields_set and body.assignee is None,
    )
    return models.Case.of(changed)


async def list_deliveries(call: Call) -> BaseModel:
    """List deliveries, those that changed last first."""
    query = cast("DeliveriesQuery", call.query)
    page = await overview.list_deliveries(
        call.services.pool, status=query.status, cursor=query.cursor, limit=query.limit
    )
    items = [models.OneDelivery.of(each) for each in page.items]
    return models.Many[models.OneDelivery](items=items, next=page.next)


async def replay_delivery(call: Call) -> BaseModel:
    """Send a dead letter again, as a new delivery."""
    replayed = await dead_letters.replay(call.services.pool, [call.id], notifier=call.services.notifier)
    if call.id not in replayed:
        raise Problem(
            status=409, kind="refused", detail="only a failed delivery that was not replayed yet can be sent again"
        )
    return models.Accepted(id=replayed[call.id])


async def list_articles(call: Call) -> BaseModel:
    """List articles by key."""
    query = cast("ListQuery", call.query)
    page = await articles.list_articles(call.services.pool, cursor=query.cursor, limit=query.limit)
    return models.Many[models.Article](items=[models.Article.of(each) for each in page.items], next=page.next)


async def get_article(call: Call) -> BaseModel:
    """Give an article."""
    return models.Article.of(await articles.get_article(call.services.pool, call.id))


async def create_article(call: Call) -> BaseModel:
    """Add an article."""
    body = cast("models.NewArticle", call.body)
    return models.Article.of(await articles.create_article(call.services.pool, body.draft()))


async def replace_article(call: Call) -> BaseModel:
    """Replace an article."""
    body = cast("models.NewArticle", call.body)
    return models.Article.of(await articles.replace_article(call.services.pool, call.id, body.draft()))


async def delete_article(call: Call) -> None:
    """Remove an article."""
    await articles.delete_article(call.services.pool, call.id)


def _author(call: Call) -> str:
    return f"api:{call.token.name}"
