"""One delivery as Twilio's Message parameters. Pure; the request itself is `client`'s and the adapter's work."""

from collections.abc import Iterable

import orjson

from channels.choices import as_text
from channels.errors import Rejected
from channels.twilio.codes import ERRORS
from channels.twilio.statuses import callback_url
from gateway.domain.account import ApprovedTemplate
from gateway.domain.channel import Channel
from gateway.domain.outbox import MediaLink, Outgoing, ProviderTemplate
from gateway.domain.people import Scheme

LONGEST_BODY = 1600  # on any channel; error 21617 beyond
_TOO_LONG = 21617
_SERVICE_PREFIX = "MG"


def parameters(outgoing: Outgoing, templates: Iterable[ApprovedTemplate]) -> dict[str, object]:
    """Write the keyword arguments for Twilio's `messages.create`.

    Raises:
        Rejected: the text is longer than Twilio takes, or the address is no phone.
    """
    message: dict[str, object] = {"to": _to(outgoing), **_from(outgoing)}
    callback = callback_url(outgoing.status_callback_url, outgoing.delivery_id)
    if callback:
        message["status_callback"] = callback
    if outgoing.template is not None:
        message["content_sid"] = outgoing.template.name
        values = variables(outgoing.template, templates)
        if values:
            message["content_variables"] = orjson.dumps(values).decode()
        return message
    text = body(outgoing)
    if text:
        message["body"] = text
    if outgoing.media:
        message["media_url"] = [media.url for media in _carried(outgoing)]
    return message


def body(outgoing: Outgoing) -> str:
    """Write what the customer reads: the text, numbered choices, and links to files that do not fit.

    Raises:
        Rejected: it is longer than Twilio takes.
    """
    links = [media.url for media in outgoing.media[len(_carried(outgoing)) :]]
    text = "\n".join(part for part in (as_text(outgoing.text, outgoing.choices), *links) if part)
    if len(text) > LONGEST_BODY:
        raise Rejected(ERRORS[_TOO_LONG].reason, code=str(_TOO_LONG))
    return text


def variables(template: ProviderTemplate, approved: Iterable[ApprovedTemplate]) -> dict[str, str]:
    """Name a template's values as Twilio does: by position when we know the order, else by the names they come with."""
    known = next((each for each in approved if each.name == template.name), None)
    if known is None or not set(known.placeholders) <= set(template.values):
        return dict(template.values)
    return {str(number): template.values[name] for number, name in enumerate(known.placeholders, 1)}


def _carried(outgoing: Outgoing) -> tuple[MediaLink, ...]:
    # WhatsApp takes one file a message, MMS ten.
    return outgoing.media[:1] if outgoing.channel is Channel.WHATSAPP else outgoing.media[:10]


def _to(outgoing: Outgoing) -> str:
    if outgoing.to.scheme is Scheme.MAILTO or (outgoing.to.scheme is Scheme.WA and outgoing.channel is Channel.SMS):
        raise Rejected(f"{outgoing.to} is not an address on {outgoing.channel}.")
    return f"whatsapp:{outgoing.to.value}" if outgoing.channel is Channel.WHATSAPP else outgoing.to.value


def _from(outgoing: Outgoing) -> dict[str, object]:
    if outgoing.endpoint_address.startswith(_SERVICE_PREFIX):
        return {"messaging_service_sid": outgoing.endpoint_address}
    prefix = "whatsapp:" if outgoing.channel is Channel.WHATSAPP else ""
    return {"from_": prefix + outgoing.endpoint_address}
