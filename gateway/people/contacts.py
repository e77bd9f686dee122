"""Looking contacts up. Merging them is `people.merging`'s."""

from channels.phone import variants
from gateway.domain.errors import NotFound
from gateway.domain.paging import Page, cut, id_after
from gateway.domain.people import Address, Scheme, mailto
from gateway.people.cards import ContactCard
from gateway.people.store import contacts as store
from gateway.store.db import Pool


async def list_contacts(pool: Pool, *, address: str | None, cursor: str | None, limit: int) -> Page[ContactCard]:
    """List contacts by id, or those with this address (`tel:+972…`, `mailto:…`, `wa:…`), in any form it is known by.

    Raises:
        AddressError: the address is not one.
        BadCursor: the cursor is not one of this list.
    """
    uris = None if address is None else known_forms(Address.from_text(address))
    async with pool.acquire() as connection:
        found = await store.page(connection, uris=uris, after=id_after(cursor), count=limit + 1)
    items, last = cut(found, limit)
    return Page(items=items, next=str(last.contact_id) if last else None)


async def get_contact(pool: Pool, contact_id: int) -> ContactCard:
    """Find a contact, or the one it was merged into.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection:
        contact = await store.one(connection, contact_id)
    if contact is None:
        raise NotFound(f"there is no contact {contact_id}")
    return contact


async def owner_of(pool: Pool, address: Address) -> int:
    """Name the contact an address belongs to.

    Raises:
        NotFound: nobody is known by it.
    """
    async with pool.acquire() as connection:
        found = await store.page(connection, uris=known_forms(address), after=0, count=1)
    if not found:
        raise NotFound(f"nobody is known by {address.value}")
    return found[0].contact_id


def known_forms(address: Address) -> list[str]:
    """Write an address in every form it may be stored in; some countries' numbers have two."""
    if address.scheme is Scheme.TEL:
        return [str(form) for form in variants(address)]
    return [str(mailto(address.value) if address.scheme is Scheme.MAILTO else address)]
