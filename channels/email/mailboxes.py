"""Our mailboxes: which addresses are ours to receive for, and what their signed part proves. No I/O."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain

from msgspec import Struct

from channels.email import addresses, token
from gateway.domain.account import MailAccount
from gateway.domain.channel import Channel, Provider, endpoint_key


class Target(Struct, frozen=True, kw_only=True):
    """A mailbox of ours that mail is addressed to.

    `conversation_id` is set when its signed part is ours and in force.
    """

    mailbox: str
    conversation_id: int | None = None

    @property
    def endpoint(self) -> str:
        """The key of the endpoint this mailbox is."""
        return endpoint_key(Provider.SMTP, Channel.EMAIL, self.mailbox)


def find(account: MailAccount, address: str, *, now: datetime) -> Target | None:
    """Name the mailbox of ours that an address means, `+token` and all; None when it is not ours to receive for.

    A mailbox answers on its own domain and on the account's reply domain. A plus part that is no valid token is
    refused, since nothing of ours ever wrote it.
    """
    exact = addresses.mailbox(address)
    if exact is None:
        return None
    local, _, domain = exact.partition("@")
    base, plus, part = local.partition("+")
    for endpoint in account.endpoints:
        ours = endpoint.address.lower()
        if exact == ours:
            return Target(mailbox=ours)
        our_local, _, our_domain = ours.partition("@")
        if plus and base == our_local and domain in {our_domain, account.domain.lower()}:
            conversation_id = token.read(part, mailbox=ours, now=now, secret=account.reply_secret)
            if conversation_id is not None:
                return Target(mailbox=ours, conversation_id=conversation_id)
    return None


def best(account: MailAccount, candidates: Iterable[str], *, now: datetime) -> Target | None:
    """Among addresses a mail names, choose one with a signed part of ours, else the first that is a mailbox of ours."""
    found = [target for target in (find(account, address, now=now) for address in candidates) if target]
    return next(chain((target for target in found if target.conversation_id is not None), found), None)
