"""Mail as the rest of the house knows it. It comes over SMTP, so it has no webhooks."""

from channels.contract import ProviderRecord
from channels.email.adapter import SOURCE, EmailAdapter
from gateway.domain.account import MailAccount
from gateway.domain.channel import Channel, Provider
from gateway.domain.people import Scheme

PROVIDER = ProviderRecord(
    name=Provider.SMTP,
    source=SOURCE,
    account=MailAccount,
    make=lambda account, _public_url: EmailAdapter(account),
    channels=frozenset((Channel.EMAIL,)),
    schemes=frozenset((Scheme.MAILTO,)),
)
