"""From a claimed delivery to what a channel sends: the mail thread, the signed links, and WhatsApp's 24 hours kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.email.token import reply_address
from channels.errors import WindowClosed
from channels.registry import provider_of
from gateway.domain.account import Account, ApprovedTemplate, MailAccount
from gateway.domain.channel import Channel
from gateway.domain.consent import UNASKED
from gateway.domain.messages import answering
from gateway.domain.outbox import AUTHOR, Claimed, Outgoing, ProviderTemplate
from gateway.domain.people import Address
from gateway.people import unsubscribing


class OutgoingBuilder:
    """Writes deliveries out in full, knowing the accounts they leave from.

    `public_url` is where providers reach us; `unsubscribe_secret` signs the links in what nobody asked for.
    """

    def __init__(self, accounts: Sequence[Account], *, public_url: str, unsubscribe_secret: str) -> None:
        self._templates: dict[str, tuple[ApprovedTemplate, ...]] = {}
        self._mail: dict[str, MailAccount] = {}
        for account in accounts:
            for endpoint in account.endpoints:
                if isinstance(account, MailAccount):
                    self._mail[endpoint.key] = account
                else:
                    self._templates[endpoint.key] = getattr(account, "templates", ())
        self._public_url = public_url
        self._secret = unsubscribe_secret

    @property
    def endpoint_keys(self) -> tuple[str, ...]:
        """The endpoints that these accounts can send from."""
        return (*self._templates, *self._mail)

    def outgoing(self, claimed: Claimed, *, now: datetime) -> Outgoing:
        """Write one delivery out in full.

        Raises:
            WindowClosed: the person last wrote more than 24 hours ago, and no approved template says this.
        """
        is_mail = claimed.channel is Channel.EMAIL
        return Outgoing(
            delivery_id=claimed.delivery_id,
            channel=claimed.channel,
            endpoint_address=claimed.endpoint_address,
            account=claimed.account,
            to=Address.from_text(claimed.to),
            text=claimed.text,
            subject=_subject(claimed) if is_mail else "",
            language=claimed.language,
            choices=claimed.choices,
            template=self._template(claimed),
            in_reply_to=claimed.quoted_provider_id or claimed.last_inbound_provider_id,
            references=claimed.references,
            reply_to=self._reply_to(claimed, now),
            automatic=claimed.author == AUTHOR,
            notice=claimed.purpose in UNASKED,
            unsubscribe_url=self._unsubscribe_url(claimed),
            status_callback_url=self._callback_url(claimed),
        )

    def _callback_url(self, claimed: Claimed) -> str:
        record = provider_of(claimed.endpoint_key)
        return f"{self._public_url}{record.status_path}" if self._public_url and record and record.status_path else ""

    def _template(self, claimed: Claimed) -> ProviderTemplate | None:
        record = provider_of(claimed.endpoint_key)
        if record is None or claimed.channel not in record.windowed or claimed.window_is_open:
            return None
        chosen = choose_template(
            self._templates.get(claimed.endpoint_key, ()),
            template=claimed.template,
            values=claimed.template_values,
            text=claimed.text,
            language=claimed.language,
        )
        if chosen is None:
            raise WindowClosed(
                "The person last wrote on WhatsApp more than 24 hours ago, and there is no approved template for this."
            )
        return chosen

    def _reply_to(self, claimed: Claimed, now: datetime) -> str:
        account = self._mail.get(claimed.endpoint_key)
        if account is None:
            return ""
        return reply_address(
            claimed.conversation_id,
            mailbox=claimed.endpoint_address,
            domain=account.domain,
            now=now,
            secret=account.reply_secret,
        )

    def _unsubscribe_url(self, claimed: Claimed) -> str:
        account = self._mail.get(claimed.endpoint_key)
        if account is None or not account.unsubscribe_base or claimed.purpose not in UNASKED:
            return ""
        return f"{account.unsubscribe_base}/{unsubscribing.sign(self._secret, claimed.address_id)}"


def choose_template(
    approved: Sequence[ApprovedTemplate], *, template: str, values: Mapping[str, str], text: str, language: str
) -> ProviderTemplate | None:
    """Find the approved template that says this: our own by name, in the language, else one that carries any text."""
    by_language = sorted(approved, key=lambda each: each.language.partition("_")[0] != language)
    for each in by_language:
        if template and each.ours == template and set(each.placeholders) <= values.keys():
            chosen = {name: values[name] for name in each.placeholders}
            return ProviderTemplate(name=each.name, language=each.language, values=chosen)
    for each in by_language:
        if each.ours == "*" and len(each.placeholders) == 1:
            return ProviderTemplate(name=each.name, language=each.language, values={each.placeholders[0]: text})
    return None


def _subject(claimed: Claimed) -> str:
    return claimed.subject or answering(claimed.thread_subject)
