"""Greetings, thanks and messages that say nothing yet: answered in a word or not at all, never made into a case."""

from gateway.domain.decision import Action, Decision, Reason
from gateway.domain.messages import MessageKind
from routing.automatic import ignore
from routing.replies import organisation, reply
from routing.situation import Situation
from routing.text import plain, unstretched
from routing.words import phrases

_TABLE = phrases("talk")
_THANKS = frozenset(map(plain, _TABLE["thanks"]))
_GREETINGS = frozenset(map(plain, _TABLE["greetings"]))
_MOST_SPACES = max(phrase.count(" ") for phrase in _THANKS | _GREETINGS)
_SHORT_NUMBER = 4


def answer_small_talk(situation: Situation) -> Decision | None:
    """Greet who greets, stay politely silent after thanks, and ask for words where there were none to go by."""
    kind = situation.message.kind
    if not situation.plain:
        if kind is MessageKind.UNSUPPORTED:
            return _ask_for_words(situation, "unclear.kind")
        return _wordless(situation) if kind in (MessageKind.TEXT, MessageKind.STICKER) else None
    if situation.message.choice is not None:
        return _ask_for_words(situation, "unclear.stale_choice")
    return None if situation.message.attachments else _few_words(situation)


def _few_words(situation: Situation) -> Decision | None:
    if situation.plain.count(" ") > _MOST_SPACES:
        return None
    words = unstretched(situation.plain)
    if words in _THANKS:
        return ignore("talk.thanks", rule=8)
    if situation.asked != situation.said:
        return None
    if words in _GREETINGS:
        return _greet(situation)
    if words.isdecimal() and len(words) <= _SHORT_NUMBER:
        return _ask_for_words(situation, "unclear.number")
    return None


def is_thanks(situation: Situation) -> bool:
    """Say whether thanks, or another way to end a talk, is all that was said."""
    return unstretched(situation.plain) in _THANKS


def _wordless(situation: Situation) -> Decision | None:
    """Pass over a lone emoji, which says nothing to act on; a question mark asks, an attachment speaks for itself."""
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
