"""Why a send failed, in a closed list.

Each error says whether to retry and what it means for the address, so that the sending loop decides and no channel ever
does. Provider codes are mapped to these by each channel's own table.
"""

from gateway.domain.errors import GatewayError


class Forged(GatewayError):
    """The request is not signed by the provider, or is meant for an account that is not ours."""


class SendError(GatewayError):
    """A send that did not succeed. `reason` is a sentence for people; `code` is the provider's, for the record."""

    retryable = False
    next_channel = False
    unreachable = False
    opted_out = False
    stops_endpoint = False
    maybe_sent = False

    def __init__(self, reason: str, *, code: str = "", retry_after_seconds: float | None = None) -> None:
        self.reason = reason
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{reason} ({code})" if code else reason)


class Throttled(SendError):
    """The provider asks us to slow down; try again later, after `retry_after_seconds` when it says so."""

    retryable = True


class Unavailable(SendError):
    """The provider or the network failed before the message could have been accepted; try again."""

    retryable = True


class Uncertain(SendError):
    """The connection was lost after the request went out: the provider may have accepted it."""

    maybe_sent = True


class Rejected(SendError):
    """The provider will not take this message, ever; sending it again cannot help."""


class Undeliverable(SendError):
    """The message cannot reach this address now on this channel; the next channel may."""

    next_channel = True


class BadAddress(SendError):
    """There is nobody at this address on this channel; mark it, and try the next channel."""

    next_channel = True
    unreachable = True


class OptedOut(SendError):
    """The person opted out with the provider; never try this address again until they opt in."""

    opted_out = True


class WindowClosed(SendError):
    """WhatsApp's 24-hour window is shut: only an approved template, or the next channel, can go."""

    next_channel = True


class TemplateRefused(SendError):
    """The approved template or its values are wrong; every further message of the kind would fail too."""

    next_channel = True


class AccountBlocked(SendError):
    """Our account, credentials or billing stop all sending from this endpoint; an operator must act."""

    retryable = True
    stops_endpoint = True
