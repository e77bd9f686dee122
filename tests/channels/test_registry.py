import pytest
from channel_kit import NUMBER, PHONE_ID, PUBLIC_URL, twilio_account, whatsapp_account

from channels.choices import as_text
from channels.registry import PROVIDERS, Registry
from gateway.domain.account import MailAccount
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.domain.errors import NotFound
from gateway.domain.outbox import Choice

MAILBOX = Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address="Support@Example.com")
MAIL = MailAccount(relay_url="smtp://127.0.0.1:9", domain="example.com", reply_secret="canary", endpoints=(MAILBOX,))


@pytest.fixture
async def registry():
    registry = Registry([twilio_account(), whatsapp_account(), MAIL], public_url=PUBLIC_URL)
    yield registry
    await registry.close()


async def test_every_endpoint_has_the_adapter_of_its_account(registry):
    [twilio], [whatsapp], [mail] = (registry.adapters_of(each) for each in ("twilio", "whatsapp", "mail"))
    served = {key: registry.adapter_for(key) for key in registry.endpoints}
    assert served == {
        f"twilio:sms:{NUMBER}": twilio,
        f"twilio:whatsapp:{NUMBER}": twilio,
        f"whatsapp_cloud:whatsapp:{PHONE_ID}": whatsapp,
        "smtp:email:support@example.com": mail,
    }
    assert registry.endpoint("smtp:email:support@example.com") is MAILBOX


async def test_what_is_not_configured_is_not_found(registry):
    with pytest.raises(NotFound, match="twilio:sms:"):
        registry.adapter_for("twilio:sms:+15005550009")
    with pytest.raises(NotFound):
        registry.endpoint("")


async def test_without_accounts_there_are_no_adapters():
    empty = Registry([], public_url=PUBLIC_URL)
    assert [list(empty.adapters_of(each.source)) for each in PROVIDERS] == [[], [], []]
    await empty.close()


def test_choices_are_numbered_from_one_in_their_order():
    choices = (Choice(key="b", label="חשבון"), Choice(key="a", label="Account"))
    assert as_text("מה?", choices) == "מה?\n1. חשבון\n2. Account"
    assert as_text("", choices) == "1. חשבון\n2. Account"
    assert as_text("מה?", ()) == "מה?"
