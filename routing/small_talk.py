"""Greetings, thanks and messages that say nothing yet: answered in a word or not at all, never made into a case."""

from gateway.domain.decision import Action, Decision, Reason
from gateway.domain.event import MessageKind
from routing.automatic import ignore
from routing.replies import organisation, reply
from routing.situation import Situation
from routing.text import plain, unstretched

_THANKS = frozenset(
    map(
        plain,
        "thanks,thank you,thx,ty,thank you very much,thanks a lot,many thanks,thank you so much,cheers,ok thanks,ok thank you,great thanks,"
        "great thank you,perfect thanks,thanks bye,ok,okay,k,great,perfect,got it,cool,nice,good,awesome,bye,goodbye,have a nice day,"
        "תודה,תודה רבה,תודה לכם,תודה לך,רב תודות,המון תודה,תודה רבה לכם,תודה על העזרה,אוקיי,אוקי,אוקיי תודה,אוקי תודה,סבבה,בסדר,בסדר גמור,"
        "בסדר תודה,טוב,טוב תודה,אחלה,יופי,יופי תודה,מעולה,מעולה תודה,מצוין,מצוין תודה,הבנתי,הבנתי תודה,תודה ולהתראות,להתראות,ביי,יום טוב,"
        "תודה ויום טוב,שבת שלום,תותחים,אלופים,חג שמח,"
        "شكرا,شكرا جزيلا,شكراً,تمام,مع السلامة,спасибо,большое спасибо,спасибо большое,благодарю,ок,хорошо,понятно,до свидания".split(","),
    )
)
_GREETINGS = frozenset(
    map(
        plain,
        "hi,hello,hey,hi there,hello there,hey there,good morning,good evening,good afternoon,greetings,hello anyone there,anybody there,"
        "שלום,היי,הי,אהלן,הלו,שלום לכם,שלום רב,בוקר טוב,ערב טוב,צהריים טובים,צהרים טובים,לילה טוב,שבוע טוב,היי מה נשמע,מה נשמע,מה שלומכם,"
        "מישהו כאן,יש מישהו,היי שלום,שלום וברכה,"
        "مرحبا,أهلا,اهلا,السلام عليكم,صباح الخير,مساء الخير,هاي,здравствуйте,привет,добрый день,доброе утро,добрый вечер".split(","),
    )
)
_SHORT_NUMBER = 4


def answer_small_talk(situation: Situation) -> Decision | None:
    """Greet who greets, stay politely silent after thanks, and ask for words where there were none to go by."""
    kind = situation.message.kind
    if kind is MessageKind.UNSUPPORTED and not situation.plain:
        return _ask_for_words(situation, "unclear.kind")
    if kind is MessageKind.STICKER or (kind is MessageKind.TEXT and not situation.plain):
        return _wordless(situation)
    if situation.message.attachments or situation.asked != situation.said:
        return None
    if is_thanks(situation):
        return ignore("talk.thanks", rule=8)
    words = unstretched(situation.plain)
    if words in _GREETINGS:
        return _greet(situation)
    if words.isdecimal() and len(words) <= _SHORT_NUMBER:
        return _ask_for_words(situation, "unclear.number")
    return None


def is_thanks(situation: Situation) -> bool:
    """Say whether thanks, or another way to end a talk, is all that was said."""
    return unstretched(situation.plain) in _THANKS


def _wordless(situation: Situation) -> Decision | None:
    """A lone emoji says nothing to act on; a question mark asks, and an attachment speaks for itself."""
    if situation.message.attachments:
        return None
    if "?" in situation.said or "؟" in situation.said:
        return _ask_for_words(situation, "unclear.question_mark")
    return ignore("talk.emoji" if situation.said else "talk.empty", rule=8)


def _greet(situation: Situation) -> Decision | None:
    if situation.open_case is not None or not situation.may_speak:
        return ignore("talk.greeting_kept", rule=8)
    greeting = reply(situation, "greeting", organisation=organisation(situation))
    return Decision(action=Action.ANSWER, rule=8, reason=Reason(code="talk.greeting"), replies=(greeting,))


def _ask_for_words(situation: Situation, code: str) -> Decision | None:
    """Ask once; where a case is open, or asking did not help, it is a person's turn."""
    if situation.open_case is not None or not situation.may_speak or situation.facts.recent_automatic > 1:
        return None
    return Decision(action=Action.OFFER, rule=9, reason=Reason(code=code), replies=(reply(situation, "clarify"),))
