"""Rule 2: a consent word that is the whole message changes consent, and is confirmed once."""

from gateway.domain.consent import ConsentChange, ConsentState, Purpose
from gateway.domain.decision import Action, Decision, Reason, Reply
from routing.answers import open_question
from routing.consent_words import Word, consent_word
from routing.replies import organisation
from routing.situation import Situation


def obey_consent_word(situation: Situation) -> Decision | None:
    """Opt out, opt in or explain, when one of the words is all the customer said."""
    word = consent_word(situation.plain)
    if word is Word.WEAK_START and Purpose.ANY in situation.facts.opted_out and open_question(situation) is None:
        word = Word.START
    if word is Word.STOP:
        return _stop(situation)
    if word is Word.START and situation.is_verified:
        return _start(situation)
    if word is Word.HELP and situation.may_speak and not situation.person_has_it:
        return _help(situation)
    return None


def _stop(situation: Situation) -> Decision:
    was_opted_out = Purpose.ANY in situation.facts.opted_out
    is_quiet = was_opted_out or situation.message.provider_answered or not _may_confirm(situation)
    code = "consent.stop_again" if was_opted_out else "consent.stop"
    return Decision(
        action=Action.CONSENT,
        rule=2,
        reason=Reason(code=code if situation.is_verified else "consent.stop_unverified", details=_details(situation)),
        consent=ConsentChange(
            state=ConsentState.OPTED_OUT, how=f"word:{situation.plain}", reversible=not situation.is_verified
        ),
        replies=() if is_quiet else (_confirmation("consent.stopped", situation),),
    )


def _start(situation: Situation) -> Decision:
    is_quiet = situation.message.provider_answered or not _may_confirm(situation)
    return Decision(
        action=Action.CONSENT,
        rule=2,
        reason=Reason(code="consent.start", details=_details(situation)),
        consent=ConsentChange(state=ConsentState.OPTED_IN, how=f"word:{situation.plain}"),
        replies=() if is_quiet else (_confirmation("consent.started", situation),),
        keep_question=True,
    )


def _help(situation: Situation) -> Decision:
    values = {"organisation": organisation(situation), "help_url": situation.policy.help_url}
    template = "help" if situation.policy.help_url else "help.no_page"
    reply = Reply(template=template, language=situation.language, values=values)
    return Decision(
        action=Action.CONSENT,
        rule=2,
        reason=Reason(code="consent.help", details=_details(situation)),
        replies=() if situation.message.provider_answered else (reply,),
        keep_question=True,
    )


def _may_confirm(situation: Situation) -> bool:
    """Allow the confirmation after an opt-out, but not in a loop nor in a flood of forged mail."""
    if situation.silence is not None and situation.silence.code != "silent.opted_out":
        return False
    return situation.is_verified or situation.facts.recent_automatic == 0


def _confirmation(template: str, situation: Situation) -> Reply:
    return Reply(
        template=template,
        language=situation.language,
        values={"organisation": organisation(situation)},
        purpose=Purpose.CONFIRMATION,
    )


def _details(situation: Situation) -> dict[str, str]:
    return {"word": situation.plain}
