"""What a new case is about: topic by words, severity, queue, and when it is due."""

from collections import Counter, defaultdict

from gateway.domain.cases import CaseDraft, Severity
from gateway.domain.language import Language
from gateway.domain.policy import Policy, QueueRule
from routing.answers import open_question
from routing.hebrew import bare_forms
from routing.hours import answer_due
from routing.situation import Situation
from routing.text import plain
from routing.upset_words import severity

OTHER_TOPIC = "other"
_DEFAULT_MINUTES = 8 * 60

_Compiled = tuple[list[tuple[QueueRule, str]], dict[str, list[tuple[int, tuple[str, ...]]]]]
_compiled: dict[int, tuple[Policy, _Compiled]] = {}


def draft_case(situation: Situation, *, at_least: Severity | None = None) -> CaseDraft:
    """Draft the case this message would open, with everything the customer asked before it."""
    question = open_question(situation)
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
    """Find the queue and topic whose words occur most, before others a queue that speaks the language."""
    topics, by_word = _compile(policy)
    hits: Counter[int] = Counter()
    for place, word in enumerate(words):
        for form in bare_forms(word):
            for topic, phrase in by_word.get(form, ()):
                if words[place + 1 : place + len(phrase)] == phrase[1:]:
                    hits[topic] += 1
    if not hits:
        return policy.queues[0], OTHER_TOPIC

    def rank(topic: int) -> tuple[int, bool, int]:
        queue = topics[topic][0]
        return hits[topic], not queue.languages or language in queue.languages, -topic

    return topics[max(hits, key=rank)]


def _compile(policy: Policy) -> _Compiled:
    """Prepare a policy's topic words once: the same record is given with every message until it is reloaded."""
    known = _compiled.get(id(policy))
    if known is None or known[0] is not policy:
        topics = [(queue, topic) for queue in policy.queues for topic in queue.topics]
        by_word: defaultdict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        for place, (queue, topic) in enumerate(topics):
            for phrase in queue.topics[topic]:
                if words := tuple(plain(phrase).split()):
                    by_word[words[0]].append((place, words))
        known = (policy, (topics, dict(by_word)))
        _compiled.clear()
        _compiled[id(policy)] = known
    return known[1]
