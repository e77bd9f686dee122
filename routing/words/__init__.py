"""The words routing listens for, by table and section, in four languages: TOML files that a native speaker can correct.

They are read once, when routing is imported; deciding a message reads nothing.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def phrases(table: str) -> Mapping[str, tuple[str, ...]]:
    """Give the phrases of each section of a table, all languages together."""
    sections = _read(table)
    return {
        section: tuple(phrase for language in by_language.values() for phrase in language)
        for section, by_language in sections.items()
        if isinstance(by_language, dict)
    }


def parts(table: str, section: str) -> tuple[str, ...]:
    """Give every start joined with every end, for a section that lists phrases in two parts."""
    return tuple(
        f"{start} {end}" for block in _read(table)[section] for start in block["starts"] for end in block["ends"]
    )


def _read(table: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / f"{table}.toml").read_text("utf-8"))
