"""Reading the environment and eshnav.toml into schemas, gathering every problem on the way."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gateway.config.schema import General, Shape, TwilioShape, in_words

AnyShape = TypeVar("AnyShape", bound=Shape)
_SECTIONS = ("twilio", "whatsapp", "mail")
_NO_ACCOUNT_BY_ITSELF = ("TWILIO_API_BASE", "WHATSAPP_API_BASE")


class Loader:
    """Reads the configuration once; `problems` is what was wrong, in sentences."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._environ = environ
        self._written = self._read_file()

    def general(self) -> General | None:
        """Read everything that is no provider account; None when something there is wrong."""
        names = General.variable_names()
        said = General.words_in(self._environ)
        written = {word: value for word, value in self._written.items() if word not in _SECTIONS}
        try:
            return General(**{**written, **said})
        except ValidationError as error:
            self.problems += in_words(
                error, lambda place: names[str(place[0])] if place[0] in said else f"eshnav.toml: {place[0]}"
            )
        return None

    def accounts(self, shape: type[AnyShape]) -> list[AnyShape]:
        """Read every account of one kind: the environment's first, then the file's, in its order."""
        names = shape.variable_names()
        section = shape.__name__.removesuffix("Shape").lower()
        found: list[AnyShape | None] = []
        if any(self._environ.get(name, "").strip() for name in names.values() if name not in _NO_ACCOUNT_BY_ITSELF):
            found.append(self._account(shape, shape.words_in(self._environ), section, names))
        tables = self._written.get(section, [])
        for number, table in enumerate([tables] if isinstance(tables, dict) else tables, 1):
            found.append(self._account(shape, table, f"eshnav.toml: {section} {number}", {}))
        return [account for account in found if account is not None]

    def _account(
        self, shape: type[AnyShape], words: dict[str, Any], where: str, names: Mapping[str, str]
    ) -> AnyShape | None:
        def name_of(place: tuple[int | str, ...]) -> str:
            return names.get(str(place[0])) or f"{where}: {'.'.join(map(str, place))}"

        try:
            account = shape(**words)
        except ValidationError as error:
            self.problems += in_words(error, name_of)
            return None
        if isinstance(account, TwilioShape) and not account.sms_from and not account.whatsapp_from:
            self.problems.append(f"{name_of(('sms_from',))} or {name_of(('whatsapp_from',))} is missing")
        return account

    def _read_file(self) -> dict[str, Any]:
        named = self._environ.get("ESHNAV_CONFIG", "").strip()
        path = Path(named or "eshnav.toml")
        if not named and not path.exists():
            return {}
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            self.problems.append(f"ESHNAV_CONFIG is wrong: {path} cannot be read ({error.strerror})")
        except ValueError as error:
            self.problems.append(f"{path} is not valid TOML: {error}")
        return {}
