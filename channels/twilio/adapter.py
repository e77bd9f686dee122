"""Twilio's way in and out, SMS and WhatsApp alike: verify, parse, send, look up, fetch media."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp

from channels.contract import Payload, Request
from channels.errors import Forged, Uncertain
from channels.media import FetchedMedia, MediaFetcher
from channels.twilio import form, sending
from channels.twilio.client import Transport, new_client
from channels.twilio.fields import Fields, OurNumbers, is_status, unknown, without_prefix
from channels.twilio.messages import read_message
from channels.twilio.signature import body_matches, is_signed, origins, signed_text
from channels.twilio.statuses import read_status
from gateway.domain.account import TwilioAccount
from gateway.domain.messages import Attachment, Event
from gateway.domain.outbox import Outgoing, Receipt

_MEDIA_HOSTS = ("*.twiliocdn.com",)
_LOOKED_THROUGH = 200
_CLOCKS_DIFFER = timedelta(minutes=2)


class TwilioAdapter:
    """One Twilio account. `public_url` is the address under which Twilio reaches us; its scheme and host are signed."""

    def __init__(self, account: TwilioAccount, *, public_url: str) -> None:
        self._account = account
        self._tokens = tuple(token.encode() for token in account.auth_tokens if token)
        self._origins = origins(public_url)
        services = (*account.messaging_service_sids, *(each.address for each in account.endpoints))
        self._numbers = OurNumbers(account.endpoints, services)
        self._transport = Transport(account.api_base)
        token = account.auth_tokens[0] if account.auth_tokens else ""
        self._client = new_client(account.sid, token, self._transport)
        api_host = urlsplit(account.api_base).hostname or ""
        self._media = MediaFetcher(
            api_base=account.api_base,
            hosts=_MEDIA_HOSTS,
            credential_hosts=(api_host,),
            authorization=aiohttp.encode_basic_auth(account.sid, token),
        )

    def verify(self, request: Request) -> Payload:
        """Give the fields for `parse`, when Twilio signed this, for this account and a number or service of ours.

        Raises:
            Forged: anything else; never says what was expected.
        """
        header = request.headers.get("x-twilio-signature")
        if not isinstance(header, str) or not isinstance(request.body, bytes):
            raise Forged("the request is not signed by Twilio")
        if _is_json(request):
            pairs, tail, is_whole = None, b"", body_matches(request.target, request.body)
        else:
            pairs = form.pairs(request.body)
            tail, is_whole = signed_text(pairs), True
        urls = [origin + request.target for origin in self._origins]
        if not (is_signed(header, urls, tail, self._tokens) and is_whole):
            raise Forged("the request is not signed by Twilio")
        fields = form.json_fields(request.body) if pairs is None else dict(pairs)
        self._check_ours(fields)
        return Payload(request=request, content=fields)

    def unpack(self, request: Request) -> Payload:
        """Give the fields for `parse`, whoever sent them."""
        is_json = _is_json(request)
        fields = form.json_fields(request.body) if is_json else dict(form.pairs(request.body))
        return Payload(request=request, content=fields)

    def parse(self, payload: Payload) -> Sequence[Event]:
        """Read the message or status of a request."""
        fields: Fields = payload.content
        if not (fields.get("MessageSid") or fields.get("SmsSid")):
            return [unknown(fields, self._numbers, "Twilio sent something that names no message")]
        if is_status(fields):
            return [read_status(fields, payload.request.target, self._numbers)]
        return read_message(fields, self._numbers)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message.

        Raises:
            SendError: see `channels.errors`; Uncertain when Twilio may have taken it all the same.
        """
        parameters = sending.parameters(outgoing, self._account.templates)
        message = await self._client.messages.create_async(**parameters)
        if not message.sid:
            raise Uncertain("Twilio's answer names no message; it may have taken it.")
        return Receipt(provider_id=message.sid)

    async def look_up(self, outgoing: Outgoing, *, since: datetime) -> Receipt | None:
        """Find the message this delivery became among those Twilio sent to its address since then.

        A template's text is not known here, so any message that cannot be told apart proves nothing.

        Raises:
            SendError: Twilio could not be asked; Uncertain when its answer proves nothing either way.
        """
        parameters = sending.parameters(outgoing, self._account.templates)
        filters = {"to": parameters["to"]} | ({"from_": parameters["from_"]} if "from_" in parameters else {})
        messages = await self._client.messages.list_async(**filters, limit=_LOOKED_THROUGH, page_size=_LOOKED_THROUGH)
        recent = [each for each in messages if _is_since(each.date_created, since - _CLOCKS_DIFFER)]
        ours = [each for each in recent if not str(each.direction or "").startswith("inbound")]
        same = [each for each in ours if (each.body or "").strip() == str(parameters.get("body", "")).strip()]
        if same and outgoing.template is None:
            return Receipt(provider_id=same[-1].sid)
        if (ours and outgoing.template is not None) or len(recent) == _LOOKED_THROUGH:
            raise Uncertain("Twilio has messages to this address, but none can be told to be this one.")
        return None

    async def fetch_media(self, attachment: Attachment) -> FetchedMedia:
        """Download a file that came with a message.

        Raises:
            SendError: it may not be fetched, is too large, or Twilio could not be reached.
        """
        return await self._media.fetch(attachment.url or "")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transport.close()
        await self._media.close()

    def _check_ours(self, fields: Fields) -> None:
        ours = without_prefix(fields.get("From" if is_status(fields) else "To", ""))
        is_ours = fields.get("AccountSid") == self._account.sid
        if not (is_ours and self._numbers.owns(ours, fields.get("MessagingServiceSid", ""))):
            raise Forged("the request is for an account or number that is not ours")


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "").lower()


def _is_since(created: object, since: datetime) -> bool:
    # The client leaves a date it cannot read as text; a message that may be ours must not be overlooked for that.
    return created >= since if isinstance(created, datetime) else True
