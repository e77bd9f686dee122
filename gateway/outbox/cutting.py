"""Cutting a text into the pieces that its way to the customer takes. Pure."""

from collections.abc import Sequence

from channels.registry import longest_text
from gateway.domain.outbox import Choice, Route
from gateway.wording.splitting import split

_NUMBERING = len("10. \n")


def cut(text: str, route: Route, choices: Sequence[Choice] = ()) -> tuple[str, ...]:
    """Cut a text into pieces the way to send takes, at sentence ends where it can, with room for choices as lines."""
    most = longest_text(route.channel, route.provider)
    if most is None:
        return (text,)
    limit = most - sum(len(choice.label) + _NUMBERING for choice in choices)
    return split(text, limit) if len(text) > limit else (text,)
