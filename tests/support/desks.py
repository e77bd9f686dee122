"""An intake at work on a real database, and short words for speaking to it and looking at what it stored."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from channels.contract import Request
from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.domain.messages import InboundMessage, Sender
from gateway.domain.people import tel
from gateway.intake.intake import Intake

SMS = Endpoint(channel=Channel.SMS, provider=Provider.TWILIO, address="+15005550006")
WHATSAPP = Endpoint(channel=Channel.WHATSAPP, provider=Provider.WHATSAPP_CLOUD, address="100000000000001")
EMAIL = Endpoint(channel=Channel.EMAIL, provider=Provider.SMTP, address="support@example.com")
DANA = tel("+972501234567")


@dataclass
class Desk:
    """An intake that runs, and short words for sending to it and looking at what it stored."""

    intake: Intake
    pool: object
    events: dict = field(default_factory=dict)
    sent: int = 0

    async def hear(self, text, *, sender=DANA, endpoint=SMS, provider_id=None, name="", also=(), **fields):
        message = InboundMessage(
            endpoint=endpoint.key,
            provider_id=provider_id or self.fresh(),
            sender=Sender(address=sender, name=name, also=also),
            text=text,
            full_text=text,
            **fields,
        )
        await self.take(message)
        return message

    def fresh(self):
        self.sent += 1
        return f"SM{self.sent:08}"

    async def take(self, *events):
        body = f"raw bytes {self.fresh()}".encode()
        self.events[body] = events
        request = Request(source="test", target="/x", body=body, received_at=datetime.now(UTC))
        await self.intake.accept(request, events)

    async def rows(self, sql, *values):
        return [dict(row) for row in await self.pool.fetch(sql, *values)]

    async def replies(self):
        sql = "SELECT text FROM message WHERE direction = 'outbound' ORDER BY id"
        return [row["text"] for row in await self.rows(sql)]
