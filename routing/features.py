"""What makes two questions alike: stems, pairs of words and pieces of words, weighed for comparing. Hebrew and English.

Works on plain words (`routing.text`). How likenesses are added up is `routing.knowledge`.
"""

from collections.abc import Iterable
from functools import lru_cache

from routing.hebrew import bare_forms, is_hebrew, skeleton
from routing.text import plain

_COMMON = frozenset(
    plain(
        "a an the is are was were be been being am to of in on at for and or it its this that these those i im ive my me you your u we our us do does did "
        "can could would should will shall may might has have had with what how why when where which who whom whose there if so by as from not no "
        "please want need get got just like know tell some any about into out up then than also very hi hello hey dear thanks thank help "
        "אני אתה את אתם הוא היא הם זה זאת זו של שלי שלכם שלך שלנו על אל עם אם או גם רק כי כל מה מי איך איפה מתי למה כמה האם איזה איזו אילו יש אין לא כן "
        "לי לך לו לנו לכם אותי אותו אותה אותם היה היתה הייתה היו להיות אפשר צריך צריכה רוצה יכול יכולה אנא בבקשה תודה שלום היי מאוד כבר עוד עכשיו "
        "כדי אבל אז כמו בין לפי לפני אחרי הזה הזאת מה זה איתי אצלכם אצלי ב ל ה ו מ ש כ בו בה לעשות עושים"
    ).split()
)  # fmt: skip
_COMMON_WEIGHT = 0.3
_FORM_WEIGHTS = (1.0, 0.7, 0.5, 0.4)
_PAIR_WEIGHT = 0.5
_PIECE_WEIGHT = 0.5
_PIECE_LENGTHS = (3, 4)
_ENGLISH_ENDINGS = (("ies", "y"), ("ing", ""), ("edly", ""), ("ed", ""), ("ers", ""), ("er", ""), ("es", ""), ("s", ""), ("ly", ""), ("e", ""))
_HEBREW_ENDINGS = ("ימ", "ות", "יה", "ית", "תי", "נו", "כמ", "ה", "ת", "י")
_SHORTEST_STEM = 3


@lru_cache(maxsize=50_000)
def stems(word: str) -> tuple[str, ...]:
    """Give the stems a word may have, the likeliest first: one in English, one for each reading of prefixes in Hebrew."""
    if word.isdecimal():
        return ("#",)
    if not is_hebrew(word):
        return (_english_stem(word),)
    return tuple(dict.fromkeys(_hebrew_stem(form) for form in bare_forms(word)))


@lru_cache(maxsize=50_000)
def _of_word(word: str) -> tuple[tuple[str, float], ...]:
    """Give the features of one word by itself. Common words tell little, so they weigh little and have no pieces."""
    if word in _COMMON:
        return ((f"w:{word}", _COMMON_WEIGHT),)
    found = [(f"w:{stem}", weight) for stem, weight in zip(stems(word), _FORM_WEIGHTS, strict=False)]
    padded = f"<{word}>"
    found += [
        (f"p:{padded[at : at + length]}", _PIECE_WEIGHT)
        for length in _PIECE_LENGTHS
        for at in range(len(padded) - length + 1)
    ]
    return tuple(found)


def features(words: Iterable[str]) -> dict[str, float]:
    """Weigh the features of a question, given its plain words."""
    weights: dict[str, float] = {}
    before = ""
    for word in words:
        for name, weight in _of_word(word):
            weights[name] = weights.get(name, 0.0) + weight
        stem = stems(word)[0]
        if before:
            pair = f"b:{before} {stem}"
            weights[pair] = weights.get(pair, 0.0) + _PAIR_WEIGHT
        before = stem
    return weights


def is_common(word: str) -> bool:
    """Say whether a plain word is too common to tell questions apart."""
    return word in _COMMON


def _english_stem(word: str) -> str:
    for ending, instead in _ENGLISH_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)] + instead
    return word


def _hebrew_stem(word: str) -> str:
    for ending in _HEBREW_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return skeleton(word)
