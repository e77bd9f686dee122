"""Email as a channel, by the contract: mail in becomes events, deliveries go out through the relay.

The SMTP server that takes mail in is `gateway.mail`.
"""

from collections.abc import Sequence

from channels.contract import Payload, Request
from channels.email import mailboxes, message
from channels.email.relay import Relay
from channels.errors import Forged
from gateway.domain.account import MailAccount
from gateway.domain.messages import Event
from gateway.domain.outbox import Outgoing, Receipt

METHOD = "MAIL"
SOURCE = "mail"


class EmailAdapter:
    """Mail of one account.

    A `Request` of mail has the raw RFC 5322 bytes as body, method `MAIL`, the RCPT TO mailbox as target, and the
    envelope in its headers: `peer` (IP), `helo`, `mail-from`, and `verification`, the edge's verdict on the sender.
    """

    def __init__(self, account: MailAccount) -> None:
        """Serve the mailboxes of `account`; nothing is connected until the first send."""
        self._account = account
        self._relay = Relay(account)

    def verify(self, request: Request) -> Payload:
        """Give the mail for `parse`, when it is to a mailbox of ours. Who sent it is judged apart, per message.

        Raises:
            Forged: the recipient is no mailbox of ours, or its signed part is not ours.
        """
        ours = mailboxes.find(self._account, request.target, now=request.received_at)
        if request.method != METHOD or ours is None:
            raise Forged("This mail is not addressed to one of our mailboxes.")
        return self.unpack(request)

    def unpack(self, request: Request) -> Payload:
        """Give the mail for `parse`, which reads it with limits of its own."""
        return Payload(request=request)

    def parse(self, payload: Payload) -> Sequence[Event]:
        """Read a mail: a message, or one event per recipient of a bounce or complaint. Never raises."""
        try:
            return message.read(payload.request, self._account)
        except Exception as error:  # noqa: BLE001 - whatever a mail does to the parser, an agent must see that it came
            return (message.unparsable(payload.request, self._account, because=type(error).__name__),)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Hand one mail to the relay.

        Raises:
            SendError: the relay or the recipient's server refused it, or could not be asked.
        """
        return await self._relay.send(outgoing)

    async def close(self) -> None:
        """Let go of the connections to the relay."""
        await self._relay.close()
