"""What a new case is about: topic by words, severity, queue, and when it is due."""

from gateway.domain.case import CaseDraft, Severity
from gateway.domain.language import Language
from gateway.domain.policy import Policy, QueueRule
from routing.hebrew import bare_forms
from routing.hours import answer_due
from routing.situation import Situation
from routing.text import plain
from routing.upset_words import severity

OTHER_TOPIC = "other"
_DEFAULT_MINUTES = 8 * 60

_Topics = tuple[tuple[QueueRule, str, tuple[tuple[str, ...], ...]], ...]
_compiled: dict[int, tuple[Policy, _Topics]] = {}


def draft_case(situation: Situation, *, at_least: Severity | None = None) -> CaseDraft:
    """Draft the case this message would open, with everything the customer asked before it."""
    question = situation.facts.question
    words = situation.words
    if question is not None and question.asked:
        words = (*words, *plain(question.asked).split())
    if situation.asked != situation.said:
        words = (*words, *plain(situation.asked).split())
    urgency = severity(words)
    if at_least is not None:
        urgency = min(urgency, at_least)
    language = situation.heard or situation.facts.language
    queue, topic = _place(situation.policy, words, language)
    minutes = queue.answer_minutes.get(urgency, queue.answer_minutes.get(Severity.NORMAL, _DEFAULT_MINUTES))
    return CaseDraft(
        topic=topic,
        queue=queue.name,
        severity=urgency,
        language=language,
        answer_due_at=answer_due(queue.hours, situation.facts.now, minutes),
    )


def _place(policy: Policy, words: tuple[str, ...], language: Language) -> tuple[QueueRule, str]:
    """Find the queue and topic whose words occur most; a queue that does not speak the language comes after one that does."""
    said = {form for word in words for form in bare_forms(word)}
    joined = f" {' '.join(words)} "
    best: tuple[int, bool] = (0, False)
    chosen = (policy.queues[0], OTHER_TOPIC)
    for queue, topic, phrases in _topics(policy):
        hits = sum(phrase[0] in said if len(phrase) == 1 else f" {' '.join(phrase)} " in joined for phrase in phrases)
        rank = (hits, not queue.languages or language in queue.languages)
        if hits and rank > best:
            best, chosen = rank, (queue, topic)
    return chosen


def _topics(policy: Policy) -> _Topics:
    """Prepare a policy's topic words, once per policy: it is one record shared by every message until it is reloaded."""
    known = _compiled.get(id(policy))
    if known is None or known[0] is not policy:
        _compiled.clear()
        known = (policy, tuple(_each_topic(policy)))
        _compiled[id(policy)] = known
    return known[1]


def _each_topic(policy: Policy) -> list[tuple[QueueRule, str, tuple[tuple[str, ...], ...]]]:
    return [
        (queue, topic, tuple(tuple(plain(word).split()) for word in words if plain(word)))
        for queue in policy.queues
        for topic, words in queue.topics.items()
    ]
