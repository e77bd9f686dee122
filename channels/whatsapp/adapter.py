"""WhatsApp's way in and out over the Cloud API: verify, answer the challenge, parse, send, fetch media."""

import re
from collections.abc import Mapping, Sequence

from channels.contract import Payload, Request
from channels.errors import Forged, Rejected, SendError, Unavailable, Uncertain
from channels.media import LARGEST_BYTES, FetchedMedia, MediaFetcher
from channels.whatsapp import payload as payloads
from channels.whatsapp.client import GraphClient
from channels.whatsapp.shapes import items, loads, record, records, sha256_hex, text
from channels.whatsapp.signature import answer_challenge, is_signed
from channels.whatsapp.webhook import phone_number_id, read_webhook
from gateway.domain.account import WhatsAppAccount
from gateway.domain.messages import Attachment, Event
from gateway.domain.outbox import Outgoing, Receipt

_MEDIA_HOSTS = ("lookaside.fbsbx.com",)
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)


class WhatsAppAdapter:
    """One WhatsApp Business account."""

    def __init__(self, account: WhatsAppAccount) -> None:
        self._account = account
        self._secrets = tuple(secret.encode() for secret in account.app_secrets if secret)
        self._numbers = frozenset(endpoint.address for endpoint in account.endpoints)
        named = {account.business_account_id, *(endpoint.account for endpoint in account.endpoints)}
        self._businesses = frozenset(named - {""})
        self._default_endpoint = account.endpoints[0].key if account.endpoints else ""
        self._client = GraphClient(account.api_base, account.token)
        self._media = MediaFetcher(
            api_base=account.api_base,
            hosts=_MEDIA_HOSTS,
            credential_hosts=_MEDIA_HOSTS,
            authorization=f"Bearer {account.token}",
        )

    def verify(self, request: Request) -> Payload:
        """Give the JSON for `parse`, when Meta signed this, and all in it is for an account and number of ours.

        Raises:
            Forged: anything else; never says what was expected.
        """
        body = request.body
        if not isinstance(body, bytes) or not is_signed(
            request.headers.get("x-hub-signature-256"), body, self._secrets
        ):
            raise Forged("the request is not signed by Meta")
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise Forged("the request is not UTF-8") from error
        opened = self.unpack(request)
        for entry in items(record(opened.content).get("entry")):
            self._check_ours(entry)
        return opened

    def unpack(self, request: Request) -> Payload:
        """Give the JSON for `parse`, whoever sent it."""
        return Payload(request=request, content=loads(request.body))

    def challenge(self, query: Mapping[str, str]) -> str:
        """Give the challenge to echo as plain text, when Meta asks with our verify token.

        Raises:
            Forged: the token is not ours or not set, or the challenge is anything but digits.
        """
        return answer_challenge(query, self._account.verify_token)

    def parse(self, payload: Payload) -> Sequence[Event]:
        """Read every message, status and preference of a request."""
        return read_webhook(payload.content, self._default_endpoint)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message.

        Raises:
            SendError: see `channels.errors`; Uncertain when WhatsApp may have taken it all the same.
        """
        body = payloads.message(outgoing, self._account.templates)
        answer = await self._client.post(f"{outgoing.endpoint_address}/messages", body)
        provider_id = next((text(each.get("id")) for each in records(answer.get("messages"))), "")
        if not provider_id:
            raise Uncertain("WhatsApp's answer names no message; it may have taken it.")
        return Receipt(provider_id=provider_id)

    async def fetch_media(self, attachment: Attachment) -> FetchedMedia:
        """Download a file that came with a message, and check that it is the one that was announced.

        Raises:
            SendError: it may not be fetched, is too large or another one, or WhatsApp could not be reached.
        """
        if not attachment.media_id:
            return await self._media.fetch(attachment.url or "", sha256=attachment.sha256)
        if _MEDIA_ID.fullmatch(attachment.media_id) is None:
            raise Rejected("This is not the id of a file on WhatsApp.")
        try:
            found = await self._client.get(attachment.media_id)
        except SendError as error:
            # Nothing is sent by asking, so a lost connection is only a reason to ask again.
            raise (Unavailable(error.reason, code=error.code) if error.maybe_sent else error) from error
        size = found.get("file_size")
        if isinstance(size, int) and size > LARGEST_BYTES:
            raise Rejected("The file is larger than 20 MiB, so it was not fetched.")
        announced = attachment.sha256 or sha256_hex(found.get("sha256"))
        return await self._media.fetch(text(found.get("url")), sha256=announced)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()
        await self._media.close()

    def _check_ours(self, entry: object) -> None:
        business = text(record(entry).get("id"))
        if self._businesses and business not in self._businesses:
            raise Forged("the request is for a business account that is not ours")
        for change in items(record(entry).get("changes")):
            number = phone_number_id(change)
            if number and number not in self._numbers:
                raise Forged("the request is for a number that is not ours")
