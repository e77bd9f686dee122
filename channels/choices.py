"""Choices where a channel has no buttons: numbered lines, counted from 1 as routing counts the answers."""

from collections.abc import Sequence

from gateway.domain.outbox import Choice


def as_text(text: str, choices: Sequence[Choice]) -> str:
    """Write the text with its choices as numbered lines below it, in the order given."""
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(choices, 1)]
    return "\n".join([text, *lines] if text else lines)
