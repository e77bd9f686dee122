"""Every reason a decision can carry, said in Hebrew and English for the people who read the inbox."""

import re

from gateway.domain.decision import Reason
from gateway.domain.language import Language

_HOLE = re.compile(r"\{(\w+)\}")

SENTENCES: dict[str, tuple[str, str]] = {
    "ignore.auto_reply": ("מענה אוטומטי, לא אדם: לא עונים.", "An automatic reply, not a person: never answered."),
    "ignore.list": ("דואר תפוצה, לא אדם: לא עונים.", "Mailing-list mail, not a person: never answered."),
    "ignore.loop": ("הודעה שלנו שחזרה אלינו: לא עונים.", "A message of ours that came back: never answered."),
    "ignore.reaction": ("תגובת אמוג'י להודעה: נשמרה בשיחה.", "A reaction to a message: kept in the thread."),
    "ignore.system": ("הודעת מערכת של הספק: נשמרה בשיחה.", "A system message of the provider: kept in the thread."),
    "ignore.edited": ("הלקוח ערך הודעה קודמת: נשמר בשיחה.", "An edit of an earlier message: kept in the thread."),
    "ignore.deleted": ("הלקוח מחק הודעה קודמת: נשמר בשיחה.", "A removal of an earlier message: kept in the thread."),
    "consent.stop": ("ביקש הסרה במילה “{word}”.", "Opted out with the word “{word}”."),
    "consent.stop_again": (
        "ביקש הסרה שוב (“{word}”): כבר היה מוסר.",
        "Opted out again (“{word}”): was opted out already.",
    ),
    "consent.stop_unverified": (
        "בקשת הסרה (“{word}”) ממייל לא מאומת: נרשמה וניתנת לביטול.",
        "Opt-out (“{word}”) by unverified mail: recorded, can be undone.",
    ),
    "consent.start": ("ביקש להצטרף במילה “{word}”.", "Opted in with the word “{word}”."),
    "consent.help": ("ביקש עזרה במילה “{word}”.", "Asked for help with the word “{word}”."),
    "person.asked": ("ביקש לדבר עם אדם: “{words}”.", "Asked for a person: “{words}”."),
    "person.chosen": ("בחר באפשרות של נציג.", "Chose a person from the options."),
    "person.not_helped": (
        "התשובה “{subject}” לא עזרה, ביקש נציג.",
        "The answer “{subject}” did not help; wants a person.",
    ),
    "person.upset": ("נשמע כועס או מאוכזב: “{words}”. עבר לנציג.", "Sounds upset: “{words}”. Went to a person."),
    "person.leaving": (
        "נשמע שהוא שוקל לעזוב: “{words}”. עבר לנציג.",
        "May be about to leave: “{words}”. Went to a person.",
    ),
    "case.with_person": (
        "נציג כבר מטפל בפנייה {number}: הבוט שותק.",
        "A person already has case {number}: the bot keeps quiet.",
    ),
    "case.added": ("נוסף לפנייה הפתוחה {number}.", "Added to the open case {number}."),
    "case.not_known": (
        "אין תשובה מתאימה במאגר הידע: נפתחה פנייה.",
        "No answer in the knowledge base fits: a case was opened.",
    ),
    "case.wordless": (
        "הודעה בלי מילים ({kind}): צריך אדם שיסתכל.",
        "A message without words ({kind}): a person must look.",
    ),
    "survey.answer": ("תשובה לסקר: {answer}.", "An answer to the survey: {answer}."),
    "flow.started": (
        "תיאר תקלה שיש לה הדרכה: {flow}, שלב {step}.",
        "Described trouble with a guided flow: {flow}, step {step}.",
    ),
    "flow.step": ("שלב בהדרכה: {flow}, {step}.", "A step of the guided flow: {flow}, {step}."),
    "flow.solved": ("ההדרכה {flow} פתרה את התקלה.", "The guided flow {flow} solved it."),
    "flow.not_solved": (
        "ההדרכה {subject} לא פתרה את התקלה: עבר לנציג.",
        "The guided flow {subject} did not solve it: went to a person.",
    ),
    "status.told": ("שאל מה מצב פנייה {number}.", "Asked how case {number} stands."),
    "status.none": ("שאל מה מצב הפנייה, ואין לו פנייה.", "Asked how their case stands, and has none."),
    "status.not_theirs": (
        "שאל על פנייה {number}, שאינה שלו: לא נמסר דבר.",
        "Asked about case {number}, which is not theirs: nothing told.",
    ),
    "status.mistyped": ("ציין מספר פנייה שגוי: {number}.", "Gave a case number with a typing error: {number}."),
    "answer.known": (
        "תשובה ממאגר הידע: {article} ({score}), לפי “{because}”.",
        "Knowledge answer: {article} ({score}), by “{because}”.",
    ),
    "answer.picked": ("בחר את התשובה {article}.", "Picked the answer {article}."),
    "answer.helped": ("התשובה {article} עזרה.", "The answer {article} helped."),
    "answer.asked_again": (
        "שאל שוב אחרי התשובה {article}: עבר לאדם.",
        "Asked again after the answer {article}: a person's turn.",
    ),
    "offer.likely": (
        "כמה תשובות אפשריות: {articles} ({score}). הוצעה בחירה.",
        "Several likely answers: {articles} ({score}). Offered a choice.",
    ),
    "offer.unsure_again": (
        "גם בפעם השנייה לא ברור (אולי {article}): עבר לאדם.",
        "Unclear a second time (maybe {article}): a person's turn.",
    ),
    "talk.thanks": ("תודה או פרידה: אין צורך בתשובה.", "Thanks or goodbye: needs no answer."),
    "talk.emoji": ("אמוג'י בלבד: אין צורך בתשובה.", "Emoji only: needs no answer."),
    "talk.empty": ("הודעה ריקה: נשמרה בשיחה.", "An empty message: kept in the thread."),
    "talk.greeting": ("ברכת שלום.", "A greeting."),
    "talk.greeting_kept": ("ברכת שלום: נשמרה בשיחה.", "A greeting: kept in the thread."),
    "unclear.number": ("מספר בלי שאלה פתוחה: ביקשנו לכתוב במילים.", "A number with no open question: asked for words."),
    "unclear.stale_choice": (
        "כפתור של שאלה שנסגרה: ביקשנו לכתוב במילים.",
        "A button of a question long closed: asked for words.",
    ),
    "unclear.kind": (
        "סוג הודעה שלא מגיע אלינו: ביקשנו לכתוב במילים.",
        "A kind of message that does not reach us: asked for words.",
    ),
    "unclear.question_mark": ("סימן שאלה בלבד: ביקשנו לכתוב במילים.", "Only a question mark: asked for words."),
    "silent.opted_out": (
        "הלקוח ביקש הסרה: בלי תשובה אוטומטית, אדם יראה.",
        "Opted out: no automatic answer, a person will see it.",
    ),
    "unverified_budget_spent": (
        "יותר מדי מיילים לא מאומתים בשעה האחרונה: בלי תשובה אוטומטית.",
        "Too much unverified mail of late: no automatic answer.",
    ),
    "silent.loop": (
        "{count} תשובות אוטומטיות ב-10 דקות: כנראה לולאה, עבר לאדם בשקט.",
        "{count} automatic replies in 10 minutes: likely a loop, passed to a person in silence.",
    ),
    "silent.mail_limit": (
        "{count} תשובות אוטומטיות במייל ביממה: עבר לאדם בשקט.",
        "{count} automatic mails in 24 hours: passed to a person in silence.",
    ),
}


def say(reason: Reason, language: Language) -> str:
    """Say a reason in Hebrew or, to everyone else, in English; an unknown code stands for itself."""
    hebrew, english = SENTENCES.get(reason.code, (reason.code, reason.code))
    sentence = hebrew if language is Language.HEBREW else english
    return _HOLE.sub(lambda hole: reason.details.get(hole.group(1), hole.group()), sentence)
