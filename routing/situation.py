"""One message with everything its decision may use, read once; the rules only look here."""

import re
from datetime import timedelta

from msgspec import Struct

from gateway.domain.cases import CaseFacts
from gateway.domain.consent import Purpose, may_send
from gateway.domain.decision import Facts, Reason
from gateway.domain.knowledge import Knowledge
from gateway.domain.language import SPOKEN, Language, detect
from gateway.domain.messages import InboundMessage, Verification
from gateway.domain.people import Scheme
from gateway.domain.policy import Policy
from routing.text import ROUTED_CHARACTERS, plain

ACKNOWLEDGE_EVERY = timedelta(minutes=10)
MAIL_REPLIES_A_DAY = 5
REPLIES_IN_TEN_MINUTES = 10
_TELLING_LETTERS = 8
_ANSWERING = re.compile(r"\s*(?:(?:re|fw|fwd|aw|השב|תשובה|הועבר)\s*:|\Z)", re.IGNORECASE)
_DEVICE_SIGNATURE = re.compile(
    r"\n\s*(?:-- ?\n)?(?:sent from my |sent from outlook|get outlook for |נשלח מה)[^\n]{0,80}\s*\Z", re.IGNORECASE
)


class Situation(Struct, frozen=True, kw_only=True):
    """A message as the rules see it.

    `said` is the customer's own words, `plain` and `words` the same for comparing; `asked` is what to look up, with
    the subject of a mail that begins a thread. `language` is what we answer in, `heard` the language the message itself
    is in. `silence` says why nothing may be answered now, None when something may.
    """

    message: InboundMessage
    facts: Facts
    policy: Policy
    knowledge: Knowledge
    said: str
    plain: str
    words: tuple[str, ...]
    asked: str
    heard: Language | None
    language: Language
    silence: Reason | None

    @property
    def is_mail(self) -> bool:
        """True for a mail, which may be forged and may loop."""
        return self.message.sender.address.scheme is Scheme.MAILTO

    @property
    def is_verified(self) -> bool:
        """True when the provider, or DMARC, vouches for the sender."""
        return self.message.verification is Verification.ALIGNED

    @property
    def open_case(self) -> CaseFacts | None:
        """The case this message would be added to."""
        case = self.facts.newest_case
        return case if case is not None and case.is_open else None

    @property
    def person_has_it(self) -> bool:
        """True once an agent answered or took the open case: from then on no bot speaks."""
        case = self.open_case
        return case is not None and case.person_spoke

    @property
    def may_speak(self) -> bool:
        """True when an automatic reply is allowed at all."""
        return self.silence is None

    @property
    def may_acknowledge(self) -> bool:
        """True when a case acknowledgement may go out: one in ten minutes."""
        last = self.facts.last_acknowledged_at
        return self.silence is None and (last is None or self.facts.now - last >= ACKNOWLEDGE_EVERY)


def look_at(message: InboundMessage, facts: Facts, policy: Policy, knowledge: Knowledge) -> Situation:
    """Read a message once for all the rules."""
    is_mail = message.sender.address.scheme is Scheme.MAILTO
    said = message.text[:ROUTED_CHARACTERS].strip()
    asked = said
    if is_mail:
        said = _DEVICE_SIGNATURE.sub("", said) or message.subject
        if said != message.subject and not _ANSWERING.match(message.subject):
            asked = f"{message.subject}\n{said}"
        else:
            asked = said
    words = plain(said)
    heard = detect(said)
    return Situation(
        message=message,
        facts=facts,
        policy=policy,
        knowledge=knowledge,
        said=said,
        plain=words,
        words=tuple(words.split()),
        asked=asked,
        heard=heard,
        language=_answer_in(heard, words, facts, policy),
        silence=_silence(facts, is_mail=is_mail),
    )


def is_telling(heard: Language | None, words: str) -> bool:
    """Say whether a text shows which language its writer uses: STOP, OK and eSIM are typed in every language."""
    return heard is not None and (heard is not Language.ENGLISH or len(words) >= _TELLING_LETTERS)


def _answer_in(heard: Language | None, words: str, facts: Facts, policy: Policy) -> Language:
    """Choose Hebrew or English: as the message, else as the contact; for others, Hebrew if we have a name in it."""
    for language in (heard if is_telling(heard, words) or facts.is_first_message else None, facts.language):
        if language in SPOKEN:
            return Language(language)
        if language is not None:
            break
    return next((language for language in SPOKEN if language in policy.organisation), Language.HEBREW)


def _silence(facts: Facts, *, is_mail: bool) -> Reason | None:
    if facts.recent_automatic >= REPLIES_IN_TEN_MINUTES:
        return Reason(code="silent.loop", details={"count": str(facts.recent_automatic)})
    if is_mail and facts.daily_automatic >= MAIL_REPLIES_A_DAY:
        return Reason(code="silent.mail_limit", details={"count": str(facts.daily_automatic)})
    if not may_send(Purpose.REPLY, facts.opted_out):
        return Reason(code="silent.opted_out")
    return None
