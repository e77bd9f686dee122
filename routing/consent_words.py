"""The words that opt out, opt in and ask for help, in Hebrew, English, Arabic and Russian.

They count only as the whole message: "how do I stop a payment?" is a question. What to do about them is `routing.consent`.
Twilio's own list (STOP, STOPALL, UNSUBSCRIBE, CANCEL, END, QUIT, REVOKE, OPTOUT; START, YES, UNSTOP; HELP, INFO) is part of it.
"""

from collections.abc import Iterable
from enum import StrEnum

from routing.text import plain, unstretched


class Word(StrEnum):
    """What a consent word asks for. A WEAK_START means START only from someone who had opted out."""

    STOP = "stop"
    START = "start"
    WEAK_START = "weak_start"
    HELP = "help"


_POLITE = frozenset(
    plain("please pls plz thanks thank you kindly now immediately sir אנא בבקשה נא תודה מיד עכשיו כבר דחוף لو سمحت من فضلك شكرا رجاء "
          "пожалуйста спасибо сейчас").split()
)  # fmt: skip


def _each(starts: str, ends: str) -> set[str]:
    """Join every start with every end; both lists are separated by commas, and an empty end stands for nothing."""
    return {f"{start} {end}".strip() for start in starts.split(",") for end in ends.split(",")}


_STOP = (
    set("stop,stopall,stop all,unsubscribe,unsubscribe all,cancel,end,quit,revoke,optout,opt out,opt me out,remove,remove me".split(","))
    | set("unsub,unsubscribed,stop it,stop this,no more,halt,enough,leave me alone,delete me,take me off,stop spam,stop spamming".split(","))
    | {"stop spamming me", "i want to unsubscribe", "i would like to unsubscribe", "how do i unsubscribe", "unsubscribe me"}
    | {"i want to opt out", "i opt out", "i wish to opt out", "i do not consent", "i withdraw my consent", "withdraw consent"}
    | _each(
        "stop,please stop,stop sending,stop sending me,stop with,end,cancel,no more,quit,quit sending me,cease,dont send me,do not send me,"
        "dont send me any more,do not send me any more,dont send,i dont want,i do not want,i dont want any more,dont want,no,"
        "i dont want to receive,i dont want to get,unsubscribe me from,unsubscribe from,opt out of,opt me out of",
        "messages,these messages,the messages,your messages,all messages,texts,these texts,text messages,sms,smses,emails,these emails,"
        "mails,the mails,notifications,ads,spam,marketing,marketing messages,promotions,your spam,anything,advertising",
    )
    | _each("stop", "texting,texting me,messaging,messaging me,emailing me,mailing me,contacting me,writing to me,bothering me,sending,all of it")
    | _each("dont,do not,never", "text me,text me again,text me anymore,message me,message me again,contact me,contact me again,email me,write to me")
    | _each("remove me from,take me off,delete me from,get me off", "the list,your list,this list,mailing list,your mailing list,the mailing list,all lists")
)  # fmt: skip
_STOP_HEBREW = (
    set("הסר,הסירו,להסיר,הסירי,הסרה,הסר אותי,הסירו אותי,תסירו אותי,תסיר אותי,להסיר אותי,עצור,עצרו,לעצור,די,דיי,הפסק,הפסיקו,תפסיקו,תפסיק".split(","))
    | set("להפסיק,סטופ,מספיק,תורידו אותי,תוריד אותי,הורידו אותי,הורד אותי,למחוק אותי,תמחקו אותי,מחקו אותי,בטל רישום,ביטול רישום,ביטול הרשמה".split(","))
    | set("לא מעוניין,לא מעוניינת,לא מעונין,לא מעונינת,אני לא מעוניין,אני לא מעוניינת,חלאס,עזבו אותי,תעזבו אותי,אל תשלחו,אל תשלחו לי".split(","))
    | set("אל תשלחו לי יותר,לא לשלוח,לא לשלוח לי,לא לשלוח יותר,תפסיקו לשלוח,תפסיקו לשלוח לי,תפסיקו להציק,תפסיקו להטריד,הפסיקו לשלוח לי,תפסיקו עם זה".split(","))
    | set("תפסיקו להטריד אותי,תפסיקו להציק לי,אני רוצה להסיר,אני רוצה להיות מוסר,רוצה להסיר,בקשת הסרה,מבקש הסרה,מבקשת הסרה,הסירו מהרשימה,הסר מהרשימה".split(","))
    | _each(
        "הסר אותי,הסירו אותי,תסירו אותי,תורידו אותי,הורידו אותי,תמחקו אותי,מחקו אותי,להסיר אותי,אני רוצה לצאת,תוציאו אותי,להסיר,הוציאו אותי,"
        "אני מבקש להסיר אותי,אני מבקשת להסיר אותי,אני מבקש הסרה,מבקש הסרה,אני רוצה שתסירו אותי",
        "מהרשימה,מהרשימה שלכם,מרשימת התפוצה,מרשימת הדיוור,מהתפוצה,מהדיוור,מהרשימות,מכל הרשימות,מרשימת תפוצה,מדיוור,מרשימת דיוור",
    )
    | _each(
        "די עם,די ל,תפסיקו עם,הפסיקו,להפסיק,תפסיקו לשלוח,תפסיקו לשלוח לי,הפסיקו לשלוח,הפסיקו לשלוח לי,אל תשלחו לי,אל תשלחו לי יותר,אל תשלחו,"
        "לא רוצה לקבל,לא רוצה,אני לא רוצה לקבל,אני לא רוצה לקבל יותר,לא רוצה לקבל יותר,לא רוצה יותר,לא מעוניין לקבל,לא מעוניינת לקבל,"
        "אני לא מעוניין לקבל,אני לא מעוניינת לקבל,לא מעוניין ב,בלי,לעצור,עצרו,להפסיק לקבל,אני רוצה להפסיק לקבל,רוצה להפסיק לקבל,תעצרו",
        "הודעות,את ההודעות,ההודעות,הודעות מכם,סמסים,את הסמסים,הסמסים,מסרונים,מיילים,המיילים,את המיילים,פרסומות,פרסום,הפרסומות,ספאם,הספאם,"
        "דיוור,דברי פרסומת,הודעות פרסומת,הודעות שיווק,הודעות שיווקיות,עדכונים,מבצעים,מכם הודעות,מכם כלום",
    )
    | {"די להודעות", "די לספאם", "די לפרסומות", "לא מעוניין בהודעות", "לא מעוניינת בהודעות", "לא מעוניין בדיוור", "לא מעוניינת בדיוור"}
)  # fmt: skip
_STOP_ARABIC = set(
    "توقف,توقفوا,أوقف,أوقفوا,اوقفوا,قف,وقف,إيقاف,الغاء,إلغاء,إلغاء الاشتراك,الغاء الاشتراك,ألغ,ألغي الاشتراك,كفى,كفاية,خلص,بس,إزالة,"
    "ازالة,احذف,احذفني,احذفوني,أزلني,أزيلوني,شيلوني,شيلني,لا ترسل,لا ترسلوا,لا ترسلوا لي,لا ترسلوا لي رسائل,لا أريد رسائل,"
    "لا اريد رسائل,لا أريد رسائلكم,أوقفوا الرسائل,اوقفوا الرسائل,أوقف الرسائل,توقفوا عن الإرسال,توقف عن الإرسال,انهاء,إنهاء,ستوب,"
    "توقفوا عن إرسال الرسائل,أوقفوا إرسال الرسائل,احذفوني من القائمة,أزيلوني من القائمة,شيلوني من القائمة,بدي ألغي,مش معني,غير مهتم".split(",")
)
_STOP_RUSSIAN = set(
    "стоп,остановить,остановите,остановитесь,прекратить,прекратите,прекрати,хватит,достаточно,довольно,отписаться,отписка,отпишите,"
    "отпишите меня,отписать,отмена,отменить,отказ,отказаться,отказываюсь,удалить,удалите,удалите меня,не присылайте,не присылать,"
    "не пишите,не пишите мне,не шлите,не шлите мне,больше не надо,не присылайте мне,больше не присылайте,отстаньте,"
    "прекратите рассылку,остановите рассылку,отмените рассылку,отмена рассылки,не хочу получать сообщения,я не хочу получать сообщения,"
    "не присылайте сообщения,не присылайте мне сообщения,не присылайте мне больше,удалите меня из списка,уберите меня из списка,"
    "отпишите меня от рассылки,отписаться от рассылки,хочу отписаться,я хочу отписаться,прекратите писать,хватит писать,хватит спама,"
    "перестаньте писать,не беспокоить,уберите меня,выйти из рассылки".split(",")
)
_START = set(
    "start,unstop,subscribe,resubscribe,opt in,optin,opt me in,sign me up,sign me back up,add me back,start again,subscribe me,"
    "i want to subscribe,start messages,start sending messages,"
    "התחל,התחילו,להתחיל,הצטרף,הצטרפו,הצטרפות,להצטרף,רוצה להצטרף,אני רוצה להצטרף,צרף אותי,צרפו אותי,תצרפו אותי,הרשמה,להירשם,להרשם,"
    "הירשם,רוצה להירשם,אני רוצה להירשם,תרשמו אותי,החזירו אותי,תחזירו אותי,תחזירו אותי לרשימה,לחדש,חידוש הרשמה,סטארט,"
    "ابدأ,ابدا,ابدؤوا,بدء,اشترك,اشتراك,إعادة الاشتراك,أريد الاشتراك,استئناف,ستارت,"
    "старт,начать,начните,подписаться,подписка,подпишите,подпишите меня,возобновить,хочу подписаться".split(",")
)
_WEAK_START = set("yes,resume,continue,begin,join,כן,חדש,חדשו,המשך,המשיכו,חזור,חזרו,نعم,استمر,تابع,да,продолжить,продолжайте".split(","))
_HELP = set(
    "help,info,help me,i need help,need help,can you help me,can you help,i need some help,menu,options,what can you do,commands,"
    "עזרה,תעזרו לי,צריך עזרה,צריכה עזרה,אני צריך עזרה,אני צריכה עזרה,אפשר עזרה,אשמח לעזרה,מידע,תפריט,אפשרויות,הסבר,מה אפשר לעשות כאן,"
    "אפשר לקבל עזרה,תפריט ראשי,"
    "مساعدة,ساعدني,ساعدوني,أحتاج مساعدة,احتاج مساعدة,معلومات,النجدة,قائمة,"
    "помощь,помогите,помогите мне,нужна помощь,мне нужна помощь,справка,инфо,информация,меню".split(",")
)


def _table(words: Iterable[tuple[Word, Iterable[str]]]) -> dict[str, Word]:
    table: dict[str, Word] = {}
    for meaning, phrases in words:
        for phrase in phrases:
            table.setdefault(plain(phrase), meaning)
    return table


_MEANINGS = _table(
    (
        (Word.STOP, _STOP | _STOP_HEBREW | _STOP_ARABIC | _STOP_RUSSIAN),
        (Word.START, _START),
        (Word.HELP, _HELP),
        (Word.WEAK_START, _WEAK_START),
    )
)
_LONGEST = max(len(phrase) for phrase in _MEANINGS) + 40


def consent_word(words: str) -> Word | None:
    """Say what a message asks for when a consent word is all of it; `words` is its plain form.

    Courtesies around it ("please", "בבקשה") and emphasis by repetition do not change that.
    """
    if not words or len(words) > _LONGEST:
        return None
    return _MEANINGS.get(words) or _MEANINGS.get(_bare(words)) or _MEANINGS.get(_bare(unstretched(words)))


def _bare(words: str) -> str:
    return " ".join(word for word in words.split() if word not in _POLITE)
