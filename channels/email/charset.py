"""Turning the bytes of mail into text when its charset label is wrong, unknown or missing. Never raises."""

import codecs
import re

# Labels seen in mail → what such mail really holds: the larger set Windows programs write under the smaller name, and
# the names of RFC 1556 (Hebrew in logical order), which Python does not know.
_ALIASES = {
    "iso-8859-8": "cp1255",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "logical": "cp1255",
    "visual": "cp1255",
    "hebrew": "cp1255",
    "x-mac-hebrew": "cp1255",
    "dos-862": "cp862",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "cp-850": "cp850",
}
_SAYS_NOTHING = frozenset(
    {"", "us-ascii", "ascii", "unknown", "unknown-8bit", "x-unknown", "_iso-8859-1", "binary", "default"}
)
_STRICT = frozenset({"idna", "punycode", "undefined"})  # codecs that cannot replace what they cannot read
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SINGLE_BYTE = re.compile(r"^(cp(125\d|862|874|866|850|437)|iso-?8859-?\d+|koi8-[ru]|mac-?\w+)$")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_HEBREW_LETTERS = frozenset(range(0xE0, 0xFB))
_SAMPLE_BYTES = 20_000


def decode(content: bytes, declared: str) -> str:
    """Read bytes as text: the byte order mark first, then UTF-8 that proves itself, then the label, then a guess."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    label = _known(declared)
    if label is None or _SINGLE_BYTE.match(label) or label in {"utf-8", "utf_8"}:
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            pass
    guessed = _guess(content)
    if label is None or (label == "cp1252" and guessed == "cp1255"):
        return content.decode(guessed, "replace")
    try:
        return content.decode(label)
    except (UnicodeError, ValueError):
        wrong_utf8 = label in {"utf-8", "utf_8"} and not _mostly_utf8(content)
        return content.decode(guessed if wrong_utf8 or label in _STRICT else label, "replace")


def _known(declared: str) -> str | None:
    label = declared.strip().strip("\"'").lower()
    if label in _SAYS_NOTHING:
        return None
    label = _ALIASES.get(label, label).replace("windows-", "cp")
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError, UnicodeError):
        return None
    return label if info._is_text_encoding else None  # noqa: SLF001 - the only way to refuse "hex" and "zip" as charsets


def _guess(content: bytes) -> str:
    """Tell Windows Hebrew from Windows Cyrillic and Western by which high bytes there are and how they cluster.

    Hebrew letters are E0 to FA and come in words; Western accents are single bytes inside Latin words; Cyrillic
    words use C0 to FF.
    """
    runs = _HIGH_RUN.findall(content[:_SAMPLE_BYTES])
    total = sum(map(len, runs))
    if total < 2 or total < 2 * len(runs):  # noqa: PLR2004 - an average run below two is accents, not words
        return "cp1252"
    hebrew = sum(byte in _HEBREW_LETTERS for run in runs for byte in run)
    capitals = sum(0xC0 <= run[0] <= 0xDF for run in runs)  # noqa: PLR2004 - in Windows Hebrew these are vowel points
    return "cp1255" if hebrew >= 0.9 * total and not capitals else "cp1251"


def _mostly_utf8(content: bytes) -> bool:
    """Say whether text labelled UTF-8 is only damaged, as by a cut in the middle of a character."""
    text = content[:_SAMPLE_BYTES].decode("utf-8", "replace")
    return text.count("�") * 4 < sum(not character.isascii() for character in text)
