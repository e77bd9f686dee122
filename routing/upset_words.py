"""Words of people who are angry or about to leave, and of matters that cannot wait: these go to a person, and sooner."""

from gateway.domain.case import Severity
from routing.text import Phrases

LEAVING = "leaving"
UPSET = "upset"

_MOODS = Phrases(
    {
        LEAVING: (
            *"cancel my account,close my account,closing my account,delete my account,terminate my account,cancel my subscription".split(","),
            *"cancel my contract,end my contract,cancel my plan,cancel my service,cancel the service,cancel my membership,leaving you".split(","),
            *"i am leaving,im leaving,switching to another,switch to another,moving to another,switch provider,switching providers".split(","),
            *"move to a competitor,take my business elsewhere,disconnect my line,close the account,close down my account,leave your company".split(","),
            *"אני עוזב,אני עוזבת,אנחנו עוזבים,לעזוב אתכם,עוזב אתכם,עוזבת אתכם,לסגור את החשבון,סגירת חשבון,לסגור חשבון,לסגור את חשבוני".split(","),
            *"לבטל את המנוי,ביטול מנוי,לבטל מנוי,לבטל את החוזה,לבטל את השירות,ביטול השירות,להתנתק,רוצה להתנתק,לנתק את הקו,לבטל את הקו".split(","),
            *"לעבור לחברה אחרת,עובר לחברה אחרת,עוברת לחברה אחרת,לעבור למתחרים,עובר למתחרים,עוברת למתחרים,לעבור לבנק אחר,עובר לבנק אחר".split(","),
            *"לנייד את הקו,לבטל את החשבון,ביטול חשבון,לבטל את ההתקשרות,ביטול עסקה,לסיים את ההתקשרות".split(","),
        ),
        UPSET: (
            *"complaint,complain,complaining,ridiculous,unacceptable,outrageous,disgrace,disgraceful,disgusting,furious,shameful,shame on you".split(","),
            *"terrible service,horrible service,awful service,worst service,bad service,poor service,fed up,sick of,scammers,thieves,useless".split(","),
            *"my lawyer,sue you,legal action,very angry,so angry,so disappointed,very disappointed,extremely disappointed,waste of time".split(","),
            *"nobody answers,no one answers,nobody helps,no one helps,third time,for the third time,how many times,never again,pathetic".split(","),
            *"בושה,בושה וחרפה,חרפה,שערורייה,שערוריה,מזעזע,גועל נפש,תלונה,להתלונן,מתלונן,מתלוננת,תלונות,לא ייאמן,לא יאומן,חוצפה,זוועה,נורא ואיום".split(","),
            *"שירות גרוע,שירות נוראי,שירות מזעזע,שירות זוועה,שירות מחפיר,השירות שלכם גרוע,נמאס לי,נמאס ממכם,נמאס כבר,מיואש,מיואשת,מאוכזב,מאוכזבת".split(","),
            *"עורך דין,עורך הדין שלי,אתבע אתכם,תביעה נגדכם,תביעה ייצוגית,תביעות קטנות,אף אחד לא עונה,אף אחד לא חוזר,אין עם מי לדבר,גנבים,רמאים".split(","),
            *"פעם שלישית,בפעם השלישית,פעם רביעית,כמה פעמים,אני כועס,אני כועסת,עצבני,עצבנית,מתסכל,מתוסכל,מתוסכלת,פשוט לא בסדר,לא מקובל עלי".split(","),
            *"שכבי,عيب عليكم,شكوى,أشتكي,اشتكي,محامي,лучше уйду,жалоба,пожаловаться,безобразие,ужасный сервис,возмутительно,адвокат,позор".split(",")[1:],
        ),
    }
)  # fmt: skip
_URGENCY = Phrases(
    {
        "critical": (
            *"stolen,fraud,fraudulent,scammed,hacked,phishing,identity theft,unauthorized,unauthorised,emergency,someone used my card".split(","),
            *"not my transaction,i did not make,i didnt make,gas leak,fire,lost my card,lost my phone".split(","),
            *"נגנב,נגנבה,גנבו,גניבה,הונאה,עוקץ,פרצו,פריצה,נפרץ,פישינג,חירום,מקרה חירום,חיוב לא מוכר,לא אני ביצעתי,עסקה לא שלי,התחזות,איבדתי".split(","),
            *"מישהו השתמש,עסקה חשודה,פעילות חשודה,سرقة,احتيال,طوارئ,سرقوا,украли,мошенники,взлом,срочная".split(","),
        ),
        "high": (
            *"urgent,urgently,asap,immediately,right away,blocked,locked out,no service,not working at all,charged twice,double charged".split(","),
            *"completely down,outage,stranded,abroad and".split(","),
            *"דחוף,בדחיפות,דחופה,מיד,חסום,חסומה,חסמו,נחסם,נחסמה,אין שירות,אין קליטה,לא עובד בכלל,חויבתי פעמיים,חיוב כפול,מושבת,תקוע בחו\"ל,תקועה".split(","),
            *"عاجل,ضروري,срочно".split(","),
        ),
        "low": (
            *"suggestion,feedback,just wondering,just curious,no rush,no hurry,when you have time,idea for you".split(","),
            *"הצעה לשיפור,הצעת ייעול,לא דחוף,אין לחץ,סתם שואל,סתם שואלת,כשיהיה לכם זמן,משוב".split(","),
        ),
    }
)  # fmt: skip
_SEVERITIES = {"critical": Severity.CRITICAL, "low": Severity.LOW, "high": Severity.HIGH}


def mood(words: tuple[str, ...]) -> tuple[str, str] | None:
    """Say whether someone is leaving or upset, and by which words."""
    return _MOODS.find(words)


def severity(words: tuple[str, ...]) -> Severity:
    """Judge how urgent a message is by its words; the most urgent word counts."""
    if _MOODS.find(words):
        return min(Severity.HIGH, _urgency(words))
    return _urgency(words)


def _urgency(words: tuple[str, ...]) -> Severity:
    """`Not urgent` contains `urgent`, so low outranks high; what is critical stays so whatever else is said."""
    found = {name for name, _ in _URGENCY.find_all(words)}
    return next((level for name, level in _SEVERITIES.items() if name in found), Severity.NORMAL)
