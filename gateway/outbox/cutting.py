"""Cutting a text into the pieces that its way to the customer takes. Pure."""

from collections.abc import Sequence

from gateway.domain.channel import Channel, Provider
from gateway.domain.outbox import Choice, Route
from gateway.wording.splitting import split

# Twilio refuses a body over 1600 characters on any channel (21617), WhatsApp's Cloud API a text over 4096.
_TWILIO_LENGTH = 1600
_CLOUD_LENGTH = 4096
_NUMBERING = len("10. \n")


def cut(text: str, route: Route, choices: Sequence[Choice] = ()) -> tuple[str, ...]:
    """Cut a text into pieces the way to send takes, at sentence ends where it can, with room for choices as lines."""
    if route.channel is Channel.EMAIL:
        return (text,)
    most = _CLOUD_LENGTH if route.provider is Provider.WHATSAPP_CLOUD else _TWILIO_LENGTH
    limit = most - sum(len(choice.label) + _NUMBERING for choice in choices)
    return split(text, limit) if len(text) > limit else (text,)
