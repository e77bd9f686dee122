"""Twilio: SMS and WhatsApp over one API. Everything that is peculiar to Twilio is in this package and nowhere else."""

from channels.contract import PairRate, ProviderRecord, WebhookPath
from channels.twilio.adapter import TwilioAdapter
from channels.twilio.sending import LONGEST_BODY
from gateway.domain.account import TwilioAccount
from gateway.domain.channel import Channel, Provider
from gateway.domain.people import Scheme

_STATUS = "/webhooks/twilio/status"

PROVIDER = ProviderRecord(
    name=Provider.TWILIO,
    source="twilio",
    account=TwilioAccount,
    make=lambda account, public_url: TwilioAdapter(account, public_url=public_url),
    channels=frozenset((Channel.SMS, Channel.WHATSAPP)),
    schemes=frozenset((Scheme.TEL, Scheme.WA)),
    longest_text=LONGEST_BODY,
    webhooks=(
        # The empty TwiML says that the reply will come by itself.
        WebhookPath(path="/webhooks/twilio/message", body=b"<Response/>", content_type="text/xml"),
        WebhookPath(path=_STATUS, status=204),
    ),
    kept_headers=("content-type", "x-twilio-signature", "i-twilio-idempotency-token"),
    status_path=_STATUS,
    # Meta's limit for one person holds whoever carries the message.
    pair_rates={Channel.WHATSAPP: PairRate(per_second=1 / 6, burst=45.0)},
    windowed=frozenset((Channel.WHATSAPP,)),
)

__all__ = ["PROVIDER", "TwilioAdapter"]
