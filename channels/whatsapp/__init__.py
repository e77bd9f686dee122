"""WhatsApp over Meta's Cloud API. Everything that is peculiar to it is in this package and nowhere else."""

from channels.contract import PairRate, ProviderRecord, WebhookPath
from channels.whatsapp.adapter import WhatsAppAdapter
from channels.whatsapp.payload import LONGEST_TEXT
from gateway.domain.account import WhatsAppAccount
from gateway.domain.channel import Channel, Provider
from gateway.domain.people import Scheme

PROVIDER = ProviderRecord(
    name=Provider.WHATSAPP_CLOUD,
    source="whatsapp",
    account=WhatsAppAccount,
    make=lambda account, _public_url: WhatsAppAdapter(account),
    channels=frozenset((Channel.WHATSAPP,)),
    schemes=frozenset((Scheme.TEL, Scheme.WA)),
    longest_text=LONGEST_TEXT,
    webhooks=(WebhookPath(path="/webhooks/whatsapp", is_challenged=True),),
    kept_headers=("content-type", "x-hub-signature-256"),
    # One message in six seconds to one person, 45 in a burst; error 131056 beyond.
    pair_rates={Channel.WHATSAPP: PairRate(per_second=1 / 6, burst=45.0)},
    windowed=frozenset((Channel.WHATSAPP,)),
)

__all__ = ["PROVIDER", "WhatsAppAdapter"]
