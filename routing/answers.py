"""Which option of an open question a message picks: by button, number, ordinal, yes or no, or the words shown."""

from rapidfuzz import fuzz

from gateway.domain.dialogue import Option, Question, QuestionKind
from routing.situation import Situation
from routing.text import plain

_ORDINALS: dict[str, int] = {
    plain(word): number
    for number, words in enumerate(
        (
            "one,first,the first,the first one,first one,אחד,אחת,ראשון,ראשונה,הראשון,הראשונה,א,واحد,الأول,الاول,один,первый,первое,первая",
            "two,second,the second,the second one,second one,שתיים,שניים,שתים,שני,שניה,שנייה,השני,השנייה,השניה,ב,اثنان,اثنين,الثاني,два,второй,второе,вторая",
            "three,third,the third,the third one,third one,שלוש,שלושה,שלישי,שלישית,השלישי,השלישית,ג,ثلاثة,ثلاث,الثالث,три,третий,третье,третья",
            "four,fourth,the fourth,last,the last one,ארבע,ארבעה,רביעי,רביעית,הרביעי,הרביעית,ד,أربعة,اربعة,الرابع,четыре,четвертый,четвертая",
            "five,fifth,חמש,חמישה,חמישי,חמישית,ה,خمسة,الخامس,пять,пятый,пятая",
        ),
        start=1,
    )
    for word in words.split(",")
}  # fmt: skip
YES_WORDS = frozenset(
    map(
        plain,
        "yes,y,yep,yeah,yup,ok,okay,sure,correct,right,it did,it helped,that helped,yes it did,yes it helped,solved,fixed,works,it works,great,perfect,"
        "כן,כ,כנ,כן תודה,בטח,נכון,אוקיי,אוקי,סבבה,עזר,עזר לי,כן עזר,עזרתם,זה עזר,הסתדר,הסתדרתי,עובד,זה עובד,מצוין,מעולה,"
        "نعم,اي,ايوه,أيوة,تمام,صح,да,ага,помогло,верно,ок".split(","),
    )
)  # fmt: skip
NO_WORDS = frozenset(
    map(
        plain,
        "no,n,nope,nah,not really,it didnt,it did not,didnt help,did not help,not helpful,no it didnt,still not working,doesnt work,not solved,wrong,"
        "לא,ל,לא עזר,זה לא עזר,לא ממש,ממש לא,לא עזר לי,לא הסתדר,לא עובד,עדיין לא עובד,לא נכון,זה לא זה,לא זה,עדיין לא,"
        "لا,كلا,لم يساعد,нет,не помогло,неа,не работает".split(","),
    )
)  # fmt: skip
_SIGNS = {"👍": "yes", "👌": "yes", "✅": "yes", "🙏": "yes", "👎": "no", "❌": "no"}
_YES_LABELS = frozenset({"yes", "כנ"})
_NO_LABELS = frozenset({"no", "לא"})
_COUNTERS = frozenset(map(plain, "option number no answer choice אפשרות מספר תשובה בחירה رقم вариант номер".split()))
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
    first_words = _YES_LABELS if words in YES_WORDS else _NO_LABELS if words in NO_WORDS else frozenset()
    return next((option for option in question.options if plain(option.label).partition(" ")[0] in first_words), None)


def _by_label(words: str, options: tuple[Option, ...]) -> Option | None:
    near = [(fuzz.ratio(words, plain(option.label)), option) for option in options]
    score, option = max(near, key=lambda pair: pair[0], default=(0, None))
    return option if score >= _NEARLY else None
