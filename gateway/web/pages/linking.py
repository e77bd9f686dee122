"""The page on which an agent makes two contacts one: by a code sent to the other address, or on their own word."""

from aiohttp import web

from channels.phone import to_e164
from gateway.desk import verification
from gateway.desk.cases import actor
from gateway.domain.errors import AddressError, Conflict, GatewayError, NotFound, Refused
from gateway.domain.ids import bigint_of
from gateway.domain.language import Language
from gateway.domain.people import Address, mailto
from gateway.people import contacts, merging, proofs
from gateway.runtime import clock
from gateway.web.pages import render
from gateway.web.server.paths import number
from gateway.web.server.services import SERVICES
from gateway.web.server.sessions import SESSION

_EXPECTED = (AddressError, Conflict, NotFound, Refused)
_LONGEST = 300


async def show(request: web.Request) -> web.StreamResponse:
    """Show a contact's addresses, what was merged into it, and the form to add another address."""
    return await _page(request)


async def link(request: web.Request) -> web.StreamResponse:
    """Send a code to the address given, or merge at once when the agent is sure."""
    services, form = request.app[SERVICES], await request.post()
    try:
        contact = await contacts.get_contact(services.pool, number(request))
        address = _address(str(form.get("address", ""))[:_LONGEST], services.settings.default_region)
        if form.get("do") == "merge":
            other = await contacts.owner_of(services.pool, address)
            agent = request[SESSION].agent
            await merging.merge_by_agent(services.pool, other, contact.contact_id, actor=actor(agent))
            await services.notifier.announce([contact.conversation_id], "message")
            raise web.HTTPSeeOther(f"/contacts/{contact.contact_id}/links")
        proof_id = await verification.send_code(
            services.pool,
            services.intake.wording,
            contact_id=contact.contact_id,
            address=address,
            endpoint_ids=services.reference.first_endpoints(),
            language=Language(contact.language or services.settings.default_language),
            now=clock.now(),
        )
        await services.notifier.wake_senders()
    except _EXPECTED as error:
        return await _page(request, error=error)
    return await _page(request, proof_id=proof_id, address=str(address))


async def confirm(request: web.Request) -> web.StreamResponse:
    """Check the code the customer read out; when it is right, both contacts are one."""
    services, form = request.app[SERVICES], await request.post()
    contact_id, proof_id = number(request), bigint_of(str(form.get("proof", "")))
    merged = None
    try:
        if proof_id is not None:
            merged = await proofs.confirm_code(
                services.pool,
                proof_id,
                str(form.get("code", ""))[:_LONGEST],
                contact_id=contact_id,
                actor=actor(request[SESSION].agent),
                now=clock.now(),
            )
    except _EXPECTED as error:
        return await _page(request, error=error)
    if merged is None:
        wrong = Refused("the code is wrong, too old, or was tried too often")
        return await _page(request, error=wrong, proof_id=proof_id)
    raise web.HTTPSeeOther(f"/contacts/{contact_id}/links")


async def undo(request: web.Request) -> web.StreamResponse:
    """Take a merge back, and show the contact that remains."""
    services = request.app[SERVICES]
    into_id = await merging.undo_merge(services.pool, number(request), actor=actor(request[SESSION].agent))
    raise web.HTTPSeeOther(f"/contacts/{into_id}/links")


async def _page(
    request: web.Request, *, error: GatewayError | None = None, proof_id: int | None = None, address: str = ""
) -> web.Response:
    pool = request.app[SERVICES].pool
    contact = await contacts.get_contact(pool, number(request))
    return render.page(
        request,
        "linking.html",
        status=409 if error else 200,
        section="inbox",
        contact=contact,
        merges=await merging.merges_of(pool, contact.contact_id),
        error=str(error) if error else "",
        proof_id=proof_id,
        address=address,
    )


def _address(text: str, region: str) -> Address:
    text = text.strip()
    return mailto(text) if "@" in text else to_e164(text, region)
