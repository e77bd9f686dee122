"""Which adapter serves which of our numbers and mailboxes. Every channel is named here; nothing is scanned for."""

from collections.abc import Iterable, Mapping

from channels.contract import Adapter
from channels.email.adapter import EmailAdapter
from channels.twilio import TwilioAdapter
from channels.whatsapp import WhatsAppAdapter
from gateway.domain.account import Account, MailAccount, TwilioAccount
from gateway.domain.channel import Endpoint
from gateway.domain.errors import NotFound


class Registry:
    """The adapters of all configured accounts; `public_url` is where providers reach us."""

    def __init__(self, accounts: Iterable[Account], *, public_url: str) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        self._adapters: dict[str, Adapter] = {}
        self._twilio: list[TwilioAdapter] = []
        self._whatsapp: list[WhatsAppAdapter] = []
        self._email: EmailAdapter | None = None
        for account in accounts:
            adapter = self._build(account, public_url)
            for endpoint in account.endpoints:
                self._endpoints[endpoint.key] = endpoint
                self._adapters[endpoint.key] = adapter

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """Every number and mailbox of ours, by its key."""
        return self._endpoints

    @property
    def twilio_adapters(self) -> tuple[TwilioAdapter, ...]:
        """One adapter for each Twilio account; a webhook is for the one that verifies it."""
        return tuple(self._twilio)

    @property
    def whatsapp_adapters(self) -> tuple[WhatsAppAdapter, ...]:
        """One adapter for each WhatsApp Business account; a webhook is for the one that verifies it."""
        return tuple(self._whatsapp)

    @property
    def email_adapter(self) -> EmailAdapter | None:
        """The adapter for mail; None when no mailbox is configured."""
        return self._email

    def adapter_for(self, endpoint_key: str) -> Adapter:
        """Give the adapter that sends from this endpoint.

        Raises:
            NotFound: no configured account has it.
        """
        if endpoint_key not in self._adapters:
            raise NotFound(f"no account is configured for {endpoint_key}")
        return self._adapters[endpoint_key]

    def endpoint(self, key: str) -> Endpoint:
        """Give one of our numbers or mailboxes.

        Raises:
            NotFound: no configured account has it.
        """
        if key not in self._endpoints:
            raise NotFound(f"no account is configured for {key}")
        return self._endpoints[key]

    async def close(self) -> None:
        """Let go of every adapter's connections."""
        adapters: list[Adapter] = [*self._twilio, *self._whatsapp, *([self._email] if self._email else [])]
        for adapter in adapters:
            await adapter.close()

    def _build(self, account: Account, public_url: str) -> Adapter:
        if isinstance(account, TwilioAccount):
            self._twilio.append(TwilioAdapter(account, public_url=public_url))
            return self._twilio[-1]
        if isinstance(account, MailAccount):
            self._email = EmailAdapter(account)
            return self._email
        self._whatsapp.append(WhatsAppAdapter(account))
        return self._whatsapp[-1]
