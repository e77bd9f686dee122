"""What the screens say, in Hebrew and English: `words/he.toml` and `words/en.toml`, which hold the same keys."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from gateway.domain.language import Language

SPOKEN = (Language.HEBREW, Language.ENGLISH)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Load every sentence of one language by its dotted key."""
    file = resources.files("gateway.web") / "words" / f"{language}.toml"
    found: dict[str, str] = {}
    for section, sentences in tomllib.loads(file.read_text(encoding="utf-8")).items():
        found.update({f"{section}.{key}": sentence for key, sentence in sentences.items()})
    return found


def say(key: str, language: Language, **values: object) -> str:
    """Say one sentence, with its values filled in."""
    sentence = catalogue(language)[key]
    return sentence.format(**values) if values else sentence


def has(key: str, language: Language) -> bool:
    """Say whether there is a sentence by this key; data may hold words no screen knows."""
    return key in catalogue(language)


def spoken(accepted: str, default: Language) -> Language:
    """Choose the language for a visitor by their browser's Accept-Language; the first we speak wins."""
    for part in accepted.split(","):
        name = part.partition(";")[0].strip().lower()[:2]
        if name in ("he", "iw"):
            return Language.HEBREW
        if name == "en":
            return Language.ENGLISH
    return default if default in SPOKEN else Language.ENGLISH
