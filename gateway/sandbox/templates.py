"""Message templates the providers approved: WhatsApp templates by name and language, Twilio content by its SID.

Any template may be sent; one that was registered is shown in its own words, and its values are checked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.sandbox.message import Choice

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_MOST_TEMPLATES = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """An approved template: text with {{1}} or {{name}} placeholders, quick replies, and Meta's category for it."""

    name: str
    language: str = ""
    body: str
    buttons: tuple[str, ...] = ()
    category: str = "utility"

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that need a value."""
        return frozenset(_PLACEHOLDER.findall(self.body))

    def fill(self, values: Mapping[str, str]) -> str:
        """Put the values in; what has none stays as it is."""
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), self.body)

    def choices(self, payloads: Mapping[int, str]) -> tuple[Choice, ...]:
        """Give the quick replies, each with the payload sent for it or its own words."""
        return tuple(
            Choice(kind="button", key=payloads.get(index, label), label=label)
            for index, label in enumerate(self.buttons)
        )


class Templates:
    """The registered ones."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Template] = {}

    def add(self, template: Template) -> None:
        """Register a template, replacing one of the same name and language.

        Raises:
            ValueError: there are too many already.
        """
        if len(self._kept) >= _MOST_TEMPLATES:
            raise ValueError(f"there are {_MOST_TEMPLATES} templates already")
        self._kept[template.name, template.language] = template

    def find(self, name: str, language: str = "") -> Template | None:
        """Give the template of this name in this language."""
        return self._kept.get((name, language))

    def knows(self, name: str) -> bool:
        """Tell whether some language of this template is registered."""
        return any(kept == name for kept, _ in self._kept)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()


def plain_rendering(name: str, values: Sequence[str]) -> str:
    """Show a template whose words are not known: one text alone is taken to be the message itself."""
    return values[0] if len(values) == 1 else " · ".join((name, *values))
