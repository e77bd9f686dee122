"""A provider of our own making, as the guide says one is added: it receives, sends and reports, signs with a header,
takes 300 characters, and has no window. A test enters its record in the registry, which is the one line outside it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from channels.contract import Adapter, Payload, ProviderRecord, Request, WebhookPath
from channels.errors import Forged
from gateway.domain.channel import Channel, Endpoint
from gateway.domain.messages import Event, InboundMessage, Sender, StatusUpdate
from gateway.domain.outbox import Outgoing, Receipt, Status
from gateway.domain.people import Scheme, tel

NAME = "toy"
PATH = "/webhooks/toy"
NUMBER = Endpoint(channel=Channel.SMS, provider=NAME, address="+15005550099", sends_per_second=1e4)


@dataclass(frozen=True, kw_only=True)
class ToyAccount:
    """An account of the toy provider."""

    secret: str
    api_base: str
    endpoints: tuple[Endpoint, ...] = (NUMBER,)


class ToyAdapter(Adapter):
    """The toy provider's way in and out."""

    def __init__(self, account: ToyAccount) -> None:
        self._account = account

    def verify(self, request: Request) -> Payload:
        if request.headers.get("x-toy-secret") != self._account.secret:
            raise Forged("not signed by the toy provider")
        return self.unpack(request)

    def unpack(self, request: Request) -> Payload:
        return Payload(request=request, content=json.loads(request.body))

    def parse(self, payload: Payload) -> Sequence[Event]:
        said = payload.content
        if "status" in said:
            return [
                StatusUpdate(
                    endpoint=NUMBER.key,
                    provider_id=said["id"],
                    status=Status(said["status"]),
                    delivery_id=int(said["reference"]),
                )
            ]
        return [
            InboundMessage(
                endpoint=NUMBER.key,
                provider_id=said["id"],
                sender=Sender(address=tel(said["from"])),
                text=said["text"],
                full_text=said["text"],
            )
        ]

    async def send(self, outgoing: Outgoing) -> Receipt:
        body = {"to": outgoing.to.value, "text": outgoing.text, "reference": str(outgoing.delivery_id)}
        body["report_to"] = urlsplit(outgoing.status_callback_url).path
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._account.api_base}/send", json=body) as answer,
        ):
            return Receipt(provider_id=(await answer.json())["id"])

    async def close(self) -> None:
        pass


PROVIDER = ProviderRecord(
    name=NAME,
    source=NAME,
    account=ToyAccount,
    make=lambda account, _public_url: ToyAdapter(account),
    channels=frozenset((Channel.SMS,)),
    schemes=frozenset((Scheme.TEL,)),
    longest_text=300,
    webhooks=(WebhookPath(path=PATH, status=202, body=b"thanks"),),
    kept_headers=("x-toy-secret",),
    status_path=PATH,
)
