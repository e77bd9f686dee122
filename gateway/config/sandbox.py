"""The accounts that stand in for every provider when none is configured, and how the sandbox process is told of them.

The product sees ordinary accounts whose addresses happen to be on this machine; it has no other notion of a sandbox.
"""

import hashlib
import hmac
from collections.abc import Sequence

from gateway.domain.account import Account, ApprovedTemplate, MailAccount, TwilioAccount, WhatsAppAccount
from gateway.domain.channel import Channel, Endpoint, Provider

TWILIO_SID = "AC" + "5a" * 16
SMS_FROM = "+15005550006"
WHATSAPP_FROM = "+15005550010"
PHONE_NUMBER_ID = "100000000000001"
BUSINESS_ACCOUNT_ID = "200000000000001"
MAIL_DOMAIN = "eshnav.localhost"
MAIL_ADDRESS = f"support@{MAIL_DOMAIN}"
_PUBLIC_KEY = "sandbox"


def sandbox_accounts(
    key: str | None, *, url: str, smtp_port: int, reply_secret: str, public_url: str
) -> tuple[Account, ...]:
    """Make the sandbox's accounts; their secrets follow from `key`, and are `sandbox-…` in plain words without one."""
    twilio = TwilioAccount(
        sid=TWILIO_SID,
        auth_tokens=(_secret(key, "twilio-token"),),
        api_base=url,
        endpoints=(
            _endpoint(Channel.SMS, Provider.TWILIO, SMS_FROM, account=TWILIO_SID),
            _endpoint(Channel.WHATSAPP, Provider.TWILIO, WHATSAPP_FROM, account=TWILIO_SID),
        ),
        templates=(_any_text("he", "HX" + "a1" * 16), _any_text("en", "HX" + "a2" * 16)),
    )
    whatsapp = WhatsAppAccount(
        token=_secret(key, "whatsapp-token"),
        app_secrets=(_secret(key, "whatsapp-app-secret"),),
        verify_token=_secret(key, "whatsapp-verify-token"),
        api_base=f"{url}/v25.0",
        business_account_id=BUSINESS_ACCOUNT_ID,
        endpoints=(_endpoint(Channel.WHATSAPP, Provider.WHATSAPP_CLOUD, PHONE_NUMBER_ID, BUSINESS_ACCOUNT_ID),),
        templates=(_any_text("he", "service_update"), _any_text("en", "service_update")),
    )
    mail = MailAccount(
        relay_url=f"smtp://127.0.0.1:{smtp_port}",
        domain=MAIL_DOMAIN,
        reply_secret=reply_secret,
        endpoints=(_endpoint(Channel.EMAIL, Provider.SMTP, MAIL_ADDRESS),),
        unsubscribe_base=f"{public_url}/unsubscribe",
        trusted_authserv_ids=("sandbox.invalid",),
        trusted_peers=("127.0.0.1/32",),
    )
    return twilio, whatsapp, mail


def sandbox_environ(accounts: Sequence[Account]) -> dict[str, str]:
    """Say these accounts in the names of the product's own environment variables."""
    said: dict[str, str] = {}
    for account in accounts:
        match account:
            case TwilioAccount():
                said["TWILIO_ACCOUNT_SID"], said["TWILIO_AUTH_TOKEN"] = account.sid, account.auth_tokens[0]
                said["TWILIO_SMS_FROM"] = _addresses(account.endpoints, Channel.SMS)
                said["TWILIO_WHATSAPP_FROM"] = _addresses(account.endpoints, Channel.WHATSAPP)
            case WhatsAppAccount():
                said["WHATSAPP_TOKEN"], said["WHATSAPP_APP_SECRET"] = account.token, account.app_secrets[0]
                said["WHATSAPP_VERIFY_TOKEN"] = account.verify_token
                said["WHATSAPP_BUSINESS_ACCOUNT_ID"] = account.business_account_id
                said["WHATSAPP_PHONE_NUMBER_ID"] = _addresses(account.endpoints, Channel.WHATSAPP)
            case MailAccount():
                said["MAIL_ADDRESS"], said["MAIL_DOMAIN"] = _addresses(account.endpoints, Channel.EMAIL), account.domain
    return said


def _addresses(endpoints: Sequence[Endpoint], channel: Channel) -> str:
    return ",".join(endpoint.address for endpoint in endpoints if endpoint.channel is channel)


def _secret(key: str | None, purpose: str) -> str:
    if key is None:
        return f"{_PUBLIC_KEY}-{purpose}"
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _endpoint(channel: Channel, provider: Provider, address: str, account: str = "") -> Endpoint:
    return Endpoint(channel=channel, provider=provider, address=address, account=account, sends_per_second=200)


def _any_text(language: str, name: str) -> ApprovedTemplate:
    return ApprovedTemplate(ours="*", language=language, name=name)
