"""The ten rules, in order: the first that applies to a message decides it. Pure: no I/O, no clock, no randomness."""

from collections.abc import Callable

from msgspec.structs import replace

from gateway.domain.consent import may_send
from gateway.domain.decision import Decision, Facts
from gateway.domain.knowledge import Knowledge
from gateway.domain.language import Language
from gateway.domain.messages import InboundMessage
from gateway.domain.policy import Policy
from routing.answer import answer_from_knowledge, take_up_answer
from routing.automatic import ignore_what_no_person_said
from routing.case_rule import open_case
from routing.consent import obey_consent_word
from routing.guide import guide
from routing.person import hand_over, leave_it_to_the_person
from routing.situation import Situation, is_telling, look_at
from routing.small_talk import answer_small_talk
from routing.status import tell_case_status
from routing.survey import take_survey_answer

Rule = Callable[[Situation], Decision | None]

RULES: tuple[tuple[int, Rule], ...] = (
    (1, ignore_what_no_person_said),
    (2, obey_consent_word),
    (3, hand_over),
    (4, leave_it_to_the_person),
    (5, take_survey_answer),
    (6, guide),
    (7, tell_case_status),
    (8, take_up_answer),
    (8, answer_small_talk),
    (8, answer_from_knowledge),
    (10, open_case),
)
"""Where each rule stands. Knowledge answers (8) or offers (9), as sure as it is."""


def decide(message: InboundMessage, facts: Facts, policy: Policy, knowledge: Knowledge) -> Decision:
    """Decide what happens to a message, and why."""
    situation = look_at(message, facts, policy, knowledge)
    decision = _first_that_applies(situation)
    language = _learned_language(situation)
    if language is None and not facts.opted_out:
        return decision
    replies = tuple(reply for reply in decision.replies if may_send(reply.purpose, facts.opted_out))
    return replace(decision, replies=replies, contact_language=language)


def _first_that_applies(situation: Situation) -> Decision:
    """Ask the rules in order."""
    for _, rule in RULES:
        decision = rule(situation)
        if decision is not None:
            return decision
    raise AssertionError("the last rule applies to everything")


def _learned_language(situation: Situation) -> Language | None:
    """Say which language to remember, when the message shows that it is another than we thought."""
    if situation.message.automatic is not None or not is_telling(situation.heard, situation.plain):
        return None
    is_new = situation.facts.is_first_message or situation.heard is not situation.facts.language
    return situation.heard if is_new else None
