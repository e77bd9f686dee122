"""What Twilio's messages and status callbacks have in common: whose they are, and what is left over. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from channels.cleaning import displayable, storable
from channels.phone import is_e164
from channels.twilio.codes import INBOUND_STATUSES
from gateway.domain.channel import Channel, Endpoint
from gateway.domain.messages import UnknownEvent
from gateway.domain.people import Address, tel, wa

Fields = Mapping[str, str]

_MODELLED = frozenset(
    {
        *("MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "ProfileName"),
        *("OriginalRepliedMessageSid", "ButtonPayload", "ButtonText", "ListId", "ListTitle"),
        *("MessageStatus", "SmsStatus", "ErrorCode", "ApiVersion"),
    }
)
_MEDIA_FIELD = re.compile(r"Media(Url|ContentType)\d+")
_WHATSAPP_MARKS = ("WaId", "ExternalUserId", "ProfileName")
_USER_ID = re.compile(r"[A-Z]{2}\.[\w.]+", re.ASCII)
_SHORTEST_BARE_NUMBER = 9


class OurNumbers:
    """Which of an account's endpoints a webhook is about: the number, else the messaging service, else the first."""

    def __init__(self, endpoints: Iterable[Endpoint], services: Iterable[str]) -> None:
        self._keys = {(each.channel, each.address.lower()): each.key for each in endpoints}
        self._services = frozenset(service.lower() for service in services)

    def owns(self, number: str, service: str) -> bool:
        """Say whether this number, or this messaging service, is ours on any channel."""
        addresses = {address for _, address in self._keys}
        return number.lower() in addresses or service.lower() in self._services | addresses

    def key(self, channel: Channel, number: str, service: str) -> str:
        """Name the endpoint; "" when the account has none on this channel."""
        for address in (number.lower(), service.lower()):
            key = self._keys.get((channel, address))
            if key is not None:
                return key
        return next((key for (on, _), key in self._keys.items() if on is channel), "")


def is_status(fields: Fields) -> bool:
    """Say whether these fields report on a message of ours, rather than bring one."""
    if "MessageStatus" in fields:
        return fields["MessageStatus"] not in INBOUND_STATUSES
    return "Body" not in fields and fields.get("SmsStatus", "") not in INBOUND_STATUSES


def without_prefix(number: str) -> str:
    """Take the channel's prefix off a number, as in `whatsapp:+972…`."""
    return number.removeprefix("whatsapp:").removeprefix("sms:").strip()


def channel_of(fields: Fields) -> Channel:
    """Say whether this is WhatsApp, which is sometimes seen without its prefix, or SMS."""
    if fields.get("From", "").startswith("whatsapp:") or fields.get("To", "").startswith("whatsapp:"):
        return Channel.WHATSAPP
    is_marked = any(fields.get(mark) for mark in _WHATSAPP_MARKS) or fields.get("ChannelPrefix") == "whatsapp"
    return Channel.WHATSAPP if is_marked else Channel.SMS


def endpoint_of(fields: Fields, numbers: OurNumbers) -> str:
    """Name our endpoint: a message came to it, a status comes from it."""
    ours = fields.get("From" if is_status(fields) else "To", "")
    return numbers.key(channel_of(fields), without_prefix(ours), fields.get("MessagingServiceSid", ""))


def addresses_of(number: str, user_id: str = "", wa_id: str = "") -> tuple[Address, ...]:
    """Give every address Twilio vouches for, the phone first; a sender that is no number is kept as it is written."""
    plain = displayable(without_prefix(number)) or wa_id
    found: list[Address] = []
    if _USER_ID.fullmatch(plain):
        found.append(wa(plain))
    elif plain:
        found.append(tel(_with_plus(plain)))
    if user_id:
        found.append(wa(displayable(without_prefix(user_id))))
    return tuple(dict.fromkeys(found))


def _with_plus(number: str) -> str:
    is_bare = number.isascii() and number.isdigit() and len(number) >= _SHORTEST_BARE_NUMBER
    return f"+{number}" if is_bare and is_e164(f"+{number}") else number


def left_over(fields: Fields) -> dict[str, object]:
    """Keep what the event does not model: every other field that is not blank, fit to store."""
    return {
        name: storable(value)
        for name, value in fields.items()
        if value and name not in _MODELLED and not (name.startswith("Media") and _MEDIA_FIELD.fullmatch(name))
    }


def unknown(fields: Fields, numbers: OurNumbers, reason: str) -> UnknownEvent:
    """Keep a webhook that is not modelled here whole, under an id that is the same when it is sent again."""
    whole = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return UnknownEvent(
        endpoint=endpoint_of(fields, numbers),
        provider_id=f"unknown:{digest[:32]}",
        raw={str(storable(name)): storable(value) for name, value in fields.items()},
        reason=reason,
    )
