"""The root of every error Eshnav raises on purpose, and the few that belong to no single part."""


class GatewayError(Exception):
    """Something Eshnav refuses or cannot do, said so that a person can act on it."""


class ConfigurationError(GatewayError):
    """The configuration cannot work; lists everything that is wrong, not just the first."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"- {problem}" for problem in problems))


class AddressError(GatewayError):
    """Not an address a message can be sent to."""


class NotFound(GatewayError):
    """There is nothing by that id, or the asker may not see it."""


class Conflict(GatewayError):
    """The thing changed, or already exists, in a way that makes this request wrong."""


class Refused(GatewayError):
    """The request is well formed, but a rule forbids it; the message says which."""
