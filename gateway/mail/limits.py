"""How much one SMTP client, and all together, may take of the gateway."""

from dataclasses import dataclass, field
from ipaddress import ip_address

from channels.email.limits import MimeLimits


@dataclass(frozen=True, kw_only=True, slots=True)
class MailLimits:
    """The limits of the SMTP edge.

    `idle_seconds` is the wait for a command, `data_seconds` the time for one mail, which must come in faster than
    `minimum_bytes_per_second`; `session_seconds` bounds a whole connection. `buffered_bytes` bounds mail in
    memory over all connections: beyond it senders are asked to come again.
    """

    message_bytes: int = field(default=MimeLimits().message_bytes)
    connections: int = 200
    connections_per_peer: int = 20
    connections_from_this_machine: int = 100
    idle_seconds: float = 60.0
    data_seconds: float = 120.0
    session_seconds: float = 900.0
    minimum_bytes_per_second: int = 1024
    grace_seconds: float = 10.0
    recipients: int = 20
    commands_of_a_kind: int = 200
    buffered_bytes: int = 128 * 1024 * 1024
    accept_seconds: float = 60.0
    authentication_seconds: float = 4.0

    def most_of(self, peer: str) -> int:
        """Say how many connections this peer may have at once."""
        try:
            is_here = ip_address(peer).is_loopback
        except ValueError:
            is_here = False
        return self.connections_from_this_machine if is_here else self.connections_per_peer
