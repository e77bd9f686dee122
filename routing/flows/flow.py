"""What a guided flow is: steps that ask, and options that lead to the next step or out of it. Pure records.

The words of a step are the message template `flow.<flow key>.<step key>`.
"""

from msgspec import Struct

from gateway.domain.language import Language

SOLVED = "solved"
"""The target of an option that ends a flow well; `labels.AGENT` ends it with a person."""


class FlowOption(Struct, frozen=True, kw_only=True):
    """One answer to a step: where it leads, and the words on its button (at most 20 characters)."""

    target: str
    labels: dict[Language, str]


class Step(Struct, frozen=True, kw_only=True):
    """One question of a flow."""

    key: str
    options: tuple[FlowOption, ...]


class Flow(Struct, frozen=True, kw_only=True):
    """A guided flow. It starts when a message has a word of every group of one of its `triggers`."""

    key: str
    triggers: tuple[tuple[frozenset[str], ...], ...]
    steps: tuple[Step, ...]

    def step(self, key: str) -> Step | None:
        """Give the step by its key, or None when the flow has changed since."""
        return next((step for step in self.steps if step.key == key), None)
