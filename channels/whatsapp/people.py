"""Who a webhook is about: a phone, a business-scoped user id, or both. Pure."""

import re
from collections.abc import Sequence

from channels.whatsapp.shapes import Shape, record, text
from gateway.domain.messages import Sender
from gateway.domain.people import Address, tel, wa

_PHONE = re.compile(r"\+?(\d{5,20})", re.ASCII)


def addresses(phone: object, user_id: object) -> tuple[Address, ...]:
    """Give every address these stand for, the phone first; a user id may stand where a phone is expected."""
    named, scoped = text(phone), text(user_id)
    digits = _PHONE.fullmatch(named)
    found = [tel(f"+{digits[1]}")] if digits else [wa(named)] if named else []
    if scoped:
        found.append(wa(scoped))
    return tuple(dict.fromkeys(found))


def sender(message: Shape, contacts: Sequence[Shape]) -> Sender | None:
    """Tell who sent a message, with the name and the further ids its contact card gives; None when nobody is named."""
    card = _card(message, contacts)
    phone = text(message.get("from")) or text(card.get("wa_id"))
    user_id = text(message.get("from_user_id")) or text(message.get("user_id")) or text(card.get("user_id"))
    found = addresses(phone, user_id)
    if not found:
        return None
    profile = record(card.get("profile"))
    return Sender(address=found[0], name=text(profile.get("name")) or text(profile.get("username")), also=found[1:])


def _card(message: Shape, contacts: Sequence[Shape]) -> Shape:
    phone = text(message.get("from")) or text(message.get("wa_id"))
    user_id = text(message.get("from_user_id")) or text(message.get("user_id"))
    for card in contacts:
        if (phone and text(card.get("wa_id")) == phone) or (user_id and text(card.get("user_id")) == user_id):
            return card
    # One card and no match: Meta wrote the number's other form (Brazil, Mexico, Argentina), or left the sender out.
    return contacts[0] if len(contacts) == 1 else {}
