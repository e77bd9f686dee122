"""Ways to ask for a person, in four languages, and how to tell them from a sentence that only mentions one."""

from routing.text import Phrases, plain, with_prefixes

_HEBREW_PREFIXES = ("ל", "ה", "מ", "ש", "ו", "ב")
_ROLES = with_prefixes(
    ("נציג", "נציגה", "נציגת", "נציגים", "נציגי", "מוקדן", "מוקדנית", "טלפנית", "פקיד", "פקידה"), _HEBREW_PREFIXES
) | with_prefixes(
    "agent,agents,representative,representatives,rep,human,humans,operator,advisor,adviser,supervisor,manager,"
    "موظف,موظفة,ممثل,مندوب,مسؤول,انسان,إنسان,оператор,оператора,оператору,оператором,агент,агента,агентом,представитель,представителем,"
    "представителя,сотрудник,сотрудником,сотрудника,человек,человеком,человека,менеджер,менеджера,менеджером,консультант,консультантом".split(","),
    (),
)  # fmt: skip
_WISHES = with_prefixes(
    "talk,speak,chat,connect,transfer,put,get,want,need,give,find,reach,contact,like,pass,forward,send,ask,"
    "לדבר,לשוחח,רוצה,צריך,צריכה,מבקש,מבקשת,תעביר,תעבירו,העבירו,תעבירי,לעבור,תן,תנו,תני,אפשר,אשמח,שיחה,דברו,חבר,תחבר,תחברו,לקבל,מחכה,יכול,"
    "أريد,اريد,بدي,أتحدث,التحدث,اتكلم,التكلم,أتكلم,حولني,حولوني,أحتاج,احكي,أحكي,"
    "хочу,нужен,соедините,позовите,поговорить,дайте,переведите,переключите,свяжите,можно,нужна,связаться".split(","),
    (),
)
_FILLERS = frozenset(
    plain("please pls now a an the to real live human is there any me i you hi hello hey ok no yes bot not בבקשה עכשיו אנושי אמיתי יש שירות של שלום היי לא בוט דחוף "
          "من فضلك الان لو سمحت пожалуйста живой живого срочно").split()
)  # fmt: skip
_PHRASES = Phrases(
    {
        "person": (
            *"real person,real human,live person,human being,actual person,living person,a person please,person please".split(","),
            *"talk to a person,talk to someone,talk to somebody,talk with someone,talk with a person,talk to a real,talk to people".split(","),
            *"speak to a person,speak to someone,speak to somebody,speak with someone,speak with a person,speak to a real,speak to a live".split(","),
            *"chat with someone,chat with a person,connect me with someone,connect me to someone,connect me to a person,transfer me".split(","),
            *"talk to customer service,speak to customer service,speak with customer service,talk to support,speak to support".split(","),
            *"call me,call me back,please call,phone me,give me a call,someone call me,have someone call,contact a person".split(","),
            *"אדם אמיתי,בן אדם,בנאדם,בן אנוש,אדם אנושי,גורם אנושי,מענה אנושי,מישהו אמיתי,מישהי אמיתית,לדבר עם מישהו,לדבר עם מישהי".split(","),
            *"לדבר עם אדם,לדבר עם אנשים,לדבר עם שירות הלקוחות,לדבר עם שירות לקוחות,לדבר עם התמיכה,לדבר עם מנהל,לדבר עם המנהל".split(","),
            *"לשוחח עם מישהו,לשוחח עם אדם,תתקשרו אלי,תתקשרו אליי,שיתקשרו אלי,שיתקשרו אליי,תחזרו אלי,תחזרו אליי,שיחזרו אלי,שיחזרו אליי".split(","),
            *"שמישהו יחזור אלי,שמישהו יחזור אליי,שמישהו יתקשר,תחזרו אלי טלפונית,חיזרו אלי,חזרו אלי,חזרו אליי,התקשרו אלי,התקשרו אליי".split(","),
            *"שיחה עם מישהו,מישהו לדבר איתו,יש שם מישהו,יש פה מישהו,נציג אנושי,נציג שירות,נציגת שירות".split(","),
            *"خدمة العملاء,شخص حقيقي,إنسان حقيقي,التحدث مع شخص,أتحدث مع شخص,احكي مع حدا,أحكي مع حدا,اتصلوا بي,اتصل بي,اتصلوا بي من فضلكم".split(","),
            *"التكلم مع شخص,اتكلم مع حدا,живой человек,живым человеком,реальный человек,поговорить с человеком,поговорить с кем,перезвоните".split(","),
            *"позвоните мне,перезвоните мне,служба поддержки,связаться с оператором,с живым".split(","),
        )
    }
)  # fmt: skip
_WHOLE = frozenset(
    map(
        plain,
        "customer service,customer support,customer care,support,person,someone,somebody,manager,service,staff,"
        "שירות לקוחות,שרות לקוחות,שירות הלקוחות,תמיכה,אדם,אנושי,מישהו,מנהל,מוקד,שירות,לדבר,שיחה,טלפון של המוקד,"
        "شخص,دعم,خدمة,مدير,человек,поддержка,люди,менеджер".split(","),
    )
)
_REFUSALS = Phrases(
    {
        "refusal": (
            *"לא צריך נציג,לא צריכה נציג,לא רוצה נציג,בלי נציג,לא לנציג,אין צורך בנציג,no need for an agent,dont need an agent".split(","),
            *"dont want an agent,no agent,without an agent,not an agent,no human,dont call me,do not call me,אל תתקשרו אלי".split(","),
            *"אל תתקשרו אליי,не нужен оператор,لا اريد موظف".split(","),
        )
    }
)  # fmt: skip
_SHORT = 4
_NEAR = 6


def asks_for_person(words: tuple[str, ...]) -> str | None:
    """Give the words that ask for a person, or None; `words` are the plain words of a message.

    A role ("agent", "נציג") counts when it is nearly all of the message or when a wish ("talk", "רוצה") stands before it.
    """
    if not words:
        return None
    whole = " ".join(words)
    if whole in _WHOLE:
        return whole
    found = _PHRASES.find(words)
    asked = found[1] if found else _wished_role(words)
    return asked if asked and not _REFUSALS.find(words) else None


def _wished_role(words: tuple[str, ...]) -> str | None:
    for place, word in enumerate(words):
        if word in _ROLES:
            others = [other for other in words if other != word and other not in _FILLERS]
            if not others or (len(words) <= _SHORT and all(other in _WISHES for other in others)):
                return word
            before = words[max(0, place - _NEAR) : place]
            wish = next((other for other in before if other in _WISHES), None)
            if wish:
                return f"{wish} {word}"
    return None
