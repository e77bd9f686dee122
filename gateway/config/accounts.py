"""From what a person wrote to the accounts and endpoints of `gateway.domain`, with the providers' usual speeds."""

from collections.abc import Sequence

from gateway.config.schema import MailShape, OurAddress, TemplateShape, TwilioShape, WhatsAppShape
from gateway.domain.account import ApprovedTemplate, MailAccount, TwilioAccount, WhatsAppAccount
from gateway.domain.channel import Channel, Endpoint, Provider

# Messages per second that a new account may send: a Twilio long code, a WhatsApp number, a polite relay.
_USUAL_SPEED = {Channel.SMS: 10.0, Channel.WHATSAPP: 80.0, Channel.EMAIL: 20.0}


def twilio_account(shape: TwilioShape) -> TwilioAccount:
    """Make the domain's Twilio account."""
    sms = _endpoints(shape.sms_from, Channel.SMS, Provider.TWILIO, shape.account_sid)
    whatsapp = _endpoints(shape.whatsapp_from, Channel.WHATSAPP, Provider.TWILIO, shape.account_sid)
    return TwilioAccount(
        sid=shape.account_sid,
        auth_tokens=shape.auth_token,
        api_base=shape.api_base,
        endpoints=(*sms, *whatsapp),
        messaging_service_sids=shape.messaging_service_sid,
        templates=_templates(shape.templates),
    )


def whatsapp_account(shape: WhatsAppShape) -> WhatsAppAccount:
    """Make the domain's WhatsApp Cloud account."""
    return WhatsAppAccount(
        token=shape.token,
        app_secrets=shape.app_secret,
        verify_token=shape.verify_token,
        api_base=shape.api_base,
        business_account_id=shape.business_account_id,
        endpoints=_endpoints(
            shape.phone_number_id, Channel.WHATSAPP, Provider.WHATSAPP_CLOUD, shape.business_account_id
        ),
        templates=_templates(shape.templates),
    )


def mail_account(shape: MailShape, reply_secret: str, public_url: str) -> MailAccount:
    """Make the domain's mail account; its domain is the first mailbox's when none is given."""
    return MailAccount(
        relay_url=shape.relay_url,
        domain=(shape.domain or shape.address[0].address.rpartition("@")[2]).lower(),
        reply_secret=reply_secret,
        endpoints=_endpoints(shape.address, Channel.EMAIL, Provider.SMTP, ""),
        trusted_authserv_ids=shape.trusted_authserv_ids,
        trusted_peers=shape.trusted_peers,
        unsubscribe_base=f"{public_url}/unsubscribe",
    )


def _endpoints(
    addresses: Sequence[OurAddress], channel: Channel, provider: Provider, account: str
) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(
            channel=channel,
            provider=provider,
            address=ours.address.lower() if channel is Channel.EMAIL else ours.address,
            account=account,
            name=ours.name,
            sends_per_second=ours.sends_per_second or _USUAL_SPEED[channel],
        )
        for ours in addresses
    )


def _templates(shapes: Sequence[TemplateShape]) -> tuple[ApprovedTemplate, ...]:
    return tuple(
        ApprovedTemplate(ours=shape.ours, language=shape.language, name=shape.name, placeholders=shape.placeholders)
        for shape in shapes
    )
