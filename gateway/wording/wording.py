"""All message templates, found by name, language and channel, and rendered for sending.

`templates/<language>/<name>.txt` holds the words for every channel; `<name>.sms.txt`, `<name>.whatsapp.txt` and
`<name>.email.txt` beside it are used instead on that channel.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from msgspec import Struct

from gateway.domain.channel import Channel
from gateway.domain.errors import ConfigurationError, NotFound
from gateway.domain.language import SPOKEN, Language
from gateway.wording.bidi import isolated
from gateway.wording.template import Template, fill
from gateway.wording.times import spoken_time

FOLDER = Path(__file__).parents[2] / "templates"

_Key = tuple[str, Language, Channel | None]


class Rendered(Struct, frozen=True, kw_only=True):
    """A message ready to send; only mail has a `subject`."""

    text: str
    subject: str = ""


class Wording:
    """The templates in force. Build with `load`, which refuses a set that could fail when a message is due."""

    def __init__(self, templates: Mapping[_Key, Template], default: Language = Language.HEBREW) -> None:
        self._templates = dict(templates)
        self._default = default if default in SPOKEN else Language.HEBREW
        self._placeholders: dict[str, frozenset[str]] = {}
        for (name, _, _), template in self._templates.items():
            self._placeholders[name] = self._placeholders.get(name, frozenset()) | template.placeholders

    @classmethod
    def load(cls, folder: Path = FOLDER, default: Language = Language.HEBREW) -> Self:
        """Read every template below a folder.

        Raises:
            ConfigurationError: lists every template that lacks a language, needs other values in one language than in
                the other, or has braces that are no placeholder.
        """
        templates = {_key(path): Template.from_file(path.read_text("utf-8")) for path in sorted(folder.glob("*/*.txt"))}
        problems = tuple(_problems(templates)) or (() if templates else (f"there are no templates in {folder}",))
        if problems:
            raise ConfigurationError(problems)
        return cls(templates, default)

    @property
    def names(self) -> tuple[str, ...]:
        """List all templates by name."""
        return tuple(sorted(self._placeholders))

    def placeholders(self, name: str) -> frozenset[str]:
        """Name the values a template needs, over all its languages and channels.

        Raises:
            NotFound: there is no such template.
        """
        if name not in self._placeholders:
            raise NotFound(f"there is no template {name}")
        return self._placeholders[name]

    def render(self, template: str, language: Language, values: Mapping[str, str], channel: Channel) -> Rendered:
        """Word a message. Languages without templates of their own get the default; surplus values are ignored.

        Values that end in `_at` are ISO 8601 times and come out as people say them. In chats a value written in the
        other direction is isolated, so that a case number keeps its place in a Hebrew sentence.

        Raises:
            NotFound: there is no such template.
            MissingValue: a placeholder has no value.
        """
        spoken = language if language in SPOKEN else self._default
        found = self._find(template, spoken, channel)
        said = {
            name: spoken_time(value, spoken, channel) if name.endswith("_at") else value
            for name, value in values.items()
        }
        if channel is Channel.EMAIL:
            return Rendered(text=fill(found.text, said), subject=" ".join(fill(found.subject, said).split()))
        return Rendered(text=fill(found.text, {name: isolated(value, spoken) for name, value in said.items()}))

    def _find(self, name: str, language: Language, channel: Channel) -> Template:
        found = self._templates.get((name, language, channel)) or self._templates.get((name, language, None))
        if found is None:
            raise NotFound(f"there is no template {name}")
        return found


def _key(path: Path) -> _Key:
    name, dot, last = path.stem.rpartition(".")
    language = Language(path.parent.name)
    return (name, language, Channel(last)) if dot and last in set(Channel) else (path.stem, language, None)


def _problems(templates: Mapping[_Key, Template]) -> list[str]:
    problems = []
    for (name, language, channel), template in templates.items():
        label = f"templates/{language}/{name}" + (f".{channel}" if channel else "") + ".txt"
        if template.has_stray_braces:
            problems.append(f"{label} has braces that are no {{{{placeholder}}}}")
        if channel is not None:
            whole = templates.get((name, language, None))
            if whole is None:
                problems.append(f"{label} has no {name}.txt beside it for the other channels")
            elif surplus := template.placeholders - whole.placeholders:
                problems.append(f"{label} needs {', '.join(sorted(surplus))}, which {name}.txt does not")
        for other in SPOKEN:
            twin = templates.get((name, other, channel))
            if twin is None:
                problems.append(f"{label} is missing in {other}")
            elif twin.placeholders != template.placeholders and other > language:
                differing = ", ".join(sorted(twin.placeholders ^ template.placeholders))
                problems.append(f"{label} and its twin in {other} differ in {differing}")
    return problems
