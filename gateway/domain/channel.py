"""Ways to reach a person, the companies behind them, and our own numbers and mailboxes on them."""

from enum import StrEnum

from msgspec import Struct


class Channel(StrEnum):
    """A way to reach people."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


class Provider(StrEnum):
    """The companies and protocols that come with Eshnav; a provider added beside them is known by its name alone."""

    TWILIO = "twilio"
    WHATSAPP_CLOUD = "whatsapp_cloud"
    SMTP = "smtp"


class Endpoint(Struct, frozen=True, kw_only=True):
    """One of our numbers or mailboxes on a channel.

    `address` is what the provider calls it: an E.164 number (Twilio), a phone number id (WhatsApp Cloud) or a mailbox.
    `account` is the provider account that must own it: a Twilio account SID, a WhatsApp business account id or "".
    """

    channel: Channel
    provider: str
    address: str
    account: str = ""
    name: str = ""
    sends_per_second: float = 10.0

    @property
    def key(self) -> str:
        """The endpoint's stable name, such as `twilio:sms:+15005550006`; events carry it."""
        return endpoint_key(self.provider, self.channel, self.address)


def endpoint_key(provider: str, channel: Channel, address: str) -> str:
    """Name the endpoint that has this address, as every event and delivery refers to it."""
    return f"{provider}:{channel}:{address.lower()}"
