"""One message template: a text with `{{name}}` holes and nothing else. No conditions, no loops, no expressions."""

import re
from collections.abc import Mapping
from typing import Self

from msgspec import Struct

from gateway.domain.errors import GatewayError

_HOLE = re.compile(r"\{\{ *([a-z][a-z0-9_]*) *\}\}")
_STRAY = re.compile(r"\{\{|\}\}")
_SUBJECT = re.compile(r"Subject: *([^\n]*)\n+")


class MissingValue(GatewayError):
    """A template was to be filled without a value it needs."""


class Template(Struct, frozen=True, kw_only=True):
    """The words of one message in one language, for one channel or for all."""

    text: str
    subject: str = ""

    @classmethod
    def from_file(cls, content: str) -> Self:
        """Read a template file: `Subject: …` on the first line if it has one for mail, then the text."""
        subject = _SUBJECT.match(content)
        text = content[subject.end() :] if subject else content
        return cls(text=text.strip(), subject=subject.group(1).strip() if subject else "")

    @property
    def placeholders(self) -> frozenset[str]:
        """Name the values it needs."""
        return frozenset(_HOLE.findall(f"{self.subject}\n{self.text}"))

    @property
    def has_stray_braces(self) -> bool:
        """True when something looks like a placeholder and is none, such as `{{first name}}`."""
        return bool(_STRAY.search(_HOLE.sub("", f"{self.subject}\n{self.text}")))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in their places, once: braces inside a value stay braces.

    Raises:
        MissingValue: names the placeholder that has no value.
    """

    def value(hole: re.Match[str]) -> str:
        name = hole.group(1)
        if name not in values:
            raise MissingValue(f"the template needs {{{{{name}}}}}, and there is no value for it")
        return values[name]

    return _HOLE.sub(value, text)
