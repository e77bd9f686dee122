"""Our accounts with the providers, as configuration describes them; channel adapters are built from these."""

from dataclasses import dataclass, field

from msgspec import Struct

from gateway.domain.channel import Endpoint


class ApprovedTemplate(Struct, frozen=True, kw_only=True):
    """A message template a provider approved for sending outside WhatsApp's 24-hour window.

    `ours` is the name of our template it stands for, or `*` for any text (its single value is then the text itself);
    `name` is Twilio's Content SID or WhatsApp's template name; `placeholders` are our value names in their order.
    """

    ours: str
    language: str
    name: str
    placeholders: tuple[str, ...] = ("text",)


@dataclass(frozen=True, kw_only=True, slots=True)
class TwilioAccount:
    """A Twilio account. The first auth token signs our requests; every one is accepted on webhooks, for rotation."""

    sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    api_base: str = "https://api.twilio.com"
    endpoints: tuple[Endpoint, ...] = ()
    messaging_service_sids: tuple[str, ...] = ()
    templates: tuple[ApprovedTemplate, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatsAppAccount:
    """A WhatsApp Business account on Meta's Cloud API; up to two app secrets are accepted, for rotation."""

    token: str = field(repr=False)
    app_secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    api_base: str = "https://graph.facebook.com/v25.0"
    business_account_id: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    templates: tuple[ApprovedTemplate, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAccount:
    """Our mailboxes and the relay that carries our mail out.

    `relay_url` is smtp://user:password@host:port or smtps://…; `domain` is where reply addresses and Message-IDs live;
    `reply_secret` keys their tokens. Authentication-Results are believed only from `trusted_authserv_ids`, and only
    when the peer is one of `trusted_peers` (IP networks); otherwise SPF, DKIM and DMARC are computed here.
    """

    relay_url: str = field(repr=False)
    domain: str
    reply_secret: str = field(repr=False)
    endpoints: tuple[Endpoint, ...] = ()
    trusted_authserv_ids: tuple[str, ...] = ()
    trusted_peers: tuple[str, ...] = ()
    unsubscribe_base: str = ""


Account = TwilioAccount | WhatsAppAccount | MailAccount
