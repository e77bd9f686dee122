"""A whole WhatsApp webhook as our events: every entry, change, message and status in it. Pure; nothing here raises."""

from collections.abc import Iterator, Mapping

from channels.cleaning import storable
from channels.failures import by_code, by_status
from channels.whatsapp.codes import ERRORS, MARKETING_STOPPED, PREFERENCES, STATUSES
from channels.whatsapp.messages import read_message
from channels.whatsapp.people import addresses, sender
from channels.whatsapp.shapes import Shape, fingerprint, items, moment, record, records, text
from gateway.domain.channel import Channel, Provider, endpoint_key
from gateway.domain.ids import bigint_of
from gateway.domain.messages import ConsentSignal, ConsentWish, Event, Sender, StatusUpdate, UnknownEvent
from gateway.domain.outbox import Status


def read_webhook(payload: object, default_endpoint: str) -> list[Event]:
    """Read everything in one webhook, in the order it stands there; never empty."""
    events = [
        event
        for entry in items(record(payload).get("entry"))
        for change in items(record(entry).get("changes"))
        for event in _read_change(change, default_endpoint)
    ]
    return events or [_unknown(payload, default_endpoint, "WhatsApp sent something that is not known here")]


def phone_number_id(change: object) -> str:
    """Name our number that a change is about; "" when it is about none."""
    return text(record(record(record(change).get("value")).get("metadata")).get("phone_number_id"))


def _read_change(change: object, default_endpoint: str) -> Iterator[Event]:
    number = phone_number_id(change)
    endpoint = endpoint_key(Provider.WHATSAPP_CLOUD, Channel.WHATSAPP, number) if number else default_endpoint
    field, value = text(record(change).get("field")), record(record(change).get("value"))
    read = list(_read_value(value, endpoint)) if field in {"", "messages", "user_preferences"} else []
    yield from read or [_unknown(change, endpoint, f"WhatsApp sent {field or 'something'}, which is not handled here")]


def _read_value(value: Shape, endpoint: str) -> Iterator[Event]:
    contacts = records(value.get("contacts"))
    to = text(record(value.get("metadata")).get("display_phone_number"))
    for message in items(value.get("messages")):
        event = read_message(record(message), contacts, endpoint, to)
        yield event or _unknown(message, endpoint, "WhatsApp sent a message without a sender or an id")
    for status in items(value.get("statuses")):
        yield from _read_status(record(status), endpoint) or [
            _unknown(status, endpoint, "WhatsApp reported a status that is not known here")
        ]
    for preference in items(value.get("user_preferences")):
        signal = _read_preference(record(preference), value, endpoint)
        yield signal or _unknown(preference, endpoint, "WhatsApp sent a preference that is not known here")
    for error in items(value.get("errors")):
        yield _unknown(error, endpoint, _complaint(record(error)))


def _unknown(piece: object, endpoint: str, reason: str) -> UnknownEvent:
    raw = storable(piece)
    kept: Mapping[str, object] = raw if isinstance(raw, dict) else {"value": raw}
    return UnknownEvent(endpoint=endpoint, provider_id=fingerprint(piece), raw=kept, reason=reason)


def _complaint(error: Shape) -> str:
    said = (
        text(record(error.get("error_data")).get("details")) or text(error.get("message")) or text(error.get("title"))
    )
    return f"WhatsApp reports a problem: {said or 'without saying which'}"


def _read_status(status: Shape, endpoint: str) -> list[Event]:
    """Read one status, and the choice that shows in it when a person stopped our marketing; empty when not known."""
    provider_id, became = text(status.get("id")), STATUSES.get(text(status.get("status")))
    if became is None or not provider_id:
        return []
    error = next(iter(records(status.get("errors"))), {})
    code = text(error.get("code"))
    failure = by_code(ERRORS, code)
    said = text(record(error.get("error_data")).get("details")) or text(error.get("title"))
    fallback = by_status(0, said).reason if became is Status.FAILED else said
    people = addresses(status.get("recipient_id"), status.get("recipient_user_id"))
    update = StatusUpdate(
        endpoint=endpoint,
        provider_id=provider_id,
        occurred_at=moment(status.get("timestamp")),
        raw={str(storable(name)): storable(part) for name, part in status.items() if name not in {"id", "status"}},
        status=became,
        delivery_id=_delivery_id(status.get("biz_opaque_callback_data")),
        recipient=people[0] if people else None,
        error_code=code or None,
        reason=(failure.reason if failure else fallback) or None,
        unreachable=failure is not None and failure.kind.unreachable,
        opted_out=failure is not None and failure.kind.opted_out,
    )
    if code != MARKETING_STOPPED or not people:
        return [update]
    person = Sender(address=people[0], also=people[1:])
    stopped = ConsentSignal(
        endpoint=endpoint,
        provider_id=f"{provider_id}:{ConsentWish.STOP_MARKETING}",
        occurred_at=update.occurred_at,
        sender=person,
        wish=ConsentWish.STOP_MARKETING,
    )
    return [update, stopped]


def _delivery_id(value: object) -> int | None:
    return bigint_of(text(value)) or None


def _read_preference(preference: Shape, value: Shape, endpoint: str) -> ConsentSignal | None:
    wish = PREFERENCES.get(text(preference.get("value")))
    person = sender({"from": preference.get("wa_id"), **preference}, records(value.get("contacts")))
    if wish is None or person is None or text(preference.get("category")) != "marketing_messages":
        return None
    return ConsentSignal(
        endpoint=endpoint,
        provider_id=f"{person.address}:{wish}:{text(preference.get('timestamp'))}",
        occurred_at=moment(preference.get("timestamp")),
        raw={str(storable(name)): storable(part) for name, part in preference.items()},
        sender=person,
        wish=wish,
    )
