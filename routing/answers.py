"""Which option of an open question a message picks: by button, number, ordinal, yes or no, or the words shown."""

from rapidfuzz import fuzz

from gateway.domain.dialogue import Option, Question, QuestionKind
from routing.situation import Situation
from routing.text import plain
from routing.words import phrases

_TABLE = phrases("talk")
_YES = frozenset(map(plain, _TABLE["yes"]))
_NO = frozenset(map(plain, _TABLE["no"]))
_COUNTERS = frozenset(map(plain, _TABLE["counters"]))
_ORDINALS = {plain(word): number for number in range(1, 6) for word in _TABLE[f"ordinal_{number}"]}
_SIGNS = {"👍": "yes", "👌": "yes", "✅": "yes", "🙏": "yes", "👎": "no", "❌": "no"}
_YES_LABELS = frozenset({"yes", "כנ"})
_NO_LABELS = frozenset({"no", "לא"})
_NEARLY = 88
_LONGEST = 60


def open_question(situation: Situation) -> Question | None:
    """Give the question that waits for an answer, unless its time is over."""
    question = situation.facts.question
    return question if question is not None and question.expires_at > situation.facts.now else None


def picked(situation: Situation, question: Question) -> Option | None:
    """Give the option the customer picked, or None when the message is something else."""
    key = situation.message.choice
    if key is not None:
        return next((option for option in question.options if option.target == key), None)
    words = situation.plain or _SIGNS.get(situation.said[:1], "")
    if not words or len(words) > _LONGEST:
        return None
    return _by_number(words, question) or _by_agreement(words, question) or _by_label(words, question.options)


def _by_number(words: str, question: Question) -> Option | None:
    rest = [word for word in words.split() if word not in _COUNTERS]
    said = " ".join(rest)
    number = int(said) if said.isdecimal() and len(said) <= 2 else _ORDINALS.get(said)  # noqa: PLR2004 - an option's number
    if number is None:
        return None
    if question.kind is QuestionKind.SURVEY:
        return next((option for option in question.options if option.target == str(number)), None)
    return question.options[number - 1] if 1 <= number <= len(question.options) else None


def _by_agreement(words: str, question: Question) -> Option | None:
    """Let yes and no pick the options that begin with them; a choice among articles is no yes-or-no question."""
    if question.kind is QuestionKind.CHOICE:
        return None
    first_words = _YES_LABELS if words in _YES else _NO_LABELS if words in _NO else frozenset()
    return next((option for option in question.options if plain(option.label).partition(" ")[0] in first_words), None)


def _by_label(words: str, options: tuple[Option, ...]) -> Option | None:
    near = [(fuzz.ratio(words, plain(option.label)), option) for option in options]
    score, option = max(near, key=lambda pair: pair[0], default=(0, None))
    return option if score >= _NEARLY else None
