"""Rules 8 and 9: what the knowledge base answers, what it offers to choose from, and what became of it."""

from collections.abc import Sequence

from gateway.domain.decision import Action, Decision, Reason
from gateway.domain.dialogue import Option, Question, QuestionKind
from gateway.domain.knowledge import Article, Match
from routing.answers import open_question, picked
from routing.automatic import ignore
from routing.case_rule import bring_in_case
from routing.knowledge import ALONE, CONFIDENT, LIKELY, POSSIBLE
from routing.labels import AGENT, YES, label
from routing.replies import asking, question, reply
from routing.situation import Situation
from routing.small_talk import is_thanks

_OFFERED = 3


def take_up_answer(situation: Situation) -> Decision | None:
    """Go on from "was this it?" and from a choice among articles; a button from an older choice still works."""
    waiting = open_question(situation)
    if waiting is not None and waiting.kind is QuestionKind.HELPFUL:
        return _helped(situation, waiting)
    if situation.message.choice == YES:
        return ignore("talk.thanks", rule=8)
    option = picked(situation, waiting) if waiting is not None and waiting.kind is QuestionKind.CHOICE else None
    key = option.target if option is not None else situation.message.choice
    article = situation.knowledge.article(key) if key is not None and situation.may_speak else None
    if article is None:
        return None
    asked = waiting.asked if waiting is not None else situation.asked
    return _tell(situation, article, Reason(code="answer.picked", details={"article": article.key}), asked)


def answer_from_knowledge(situation: Situation) -> Decision | None:
    """Answer what is known for sure, offer what is likely; a second doubt in a row goes to a person."""
    if not situation.may_speak or not situation.words:
        return None
    matches = situation.knowledge.match(situation.asked, situation.heard)
    if not matches or matches[0].score < LIKELY:
        return None
    best = matches[0]
    waiting = open_question(situation)
    is_alone = len(matches) == 1 or matches[1].score < POSSIBLE
    if is_alone and best.score < ALONE:
        return None
    if best.score < CONFIDENT:
        return _offer(situation, matches, waiting)
    article = best.article
    if waiting is not None and waiting.kind is QuestionKind.HELPFUL and waiting.subject == article.key:
        return bring_in_case(situation, Reason(code="answer.asked_again", details={"article": article.key}))
    details = {"article": article.key, "because": best.because, "score": f"{best.score:.2f}"}
    return _tell(situation, article, Reason(code="answer.known", details=details), situation.asked)


def _helped(situation: Situation, waiting: Question) -> Decision | None:
    """Close the matter on a yes. A no was heard by rule 3 already: its button says "a person"."""
    option = picked(situation, waiting)
    thanked = is_thanks(situation) and option is None
    if not thanked and (option is None or option.target != YES):
        return None
    return Decision(
        action=Action.ANSWER,
        rule=8,
        reason=Reason(code="answer.helped", details={"article": waiting.subject}),
        replies=(reply(situation, "helpful.thanks"),) if situation.may_speak and not thanked else (),
        article_key=waiting.subject,
    )


def _tell(situation: Situation, article: Article, reason: Reason, asked: str) -> Decision:
    text = article.text_in(situation.language)
    options = tuple(Option(target=key, label=label(key, situation.language)) for key in (YES, AGENT))
    return Decision(
        action=Action.ANSWER,
        rule=8,
        reason=reason,
        replies=(asking(situation, "answer", options, title=text.title, answer=text.answer),),
        question=question(situation, QuestionKind.HELPFUL, article.key, options, asked=asked),
        article_key=article.key,
    )


def _offer(situation: Situation, matches: Sequence[Match], waiting: Question | None) -> Decision:
    likely = [match for match in matches if match.score >= POSSIBLE][:_OFFERED]
    if waiting is not None and waiting.kind is QuestionKind.CHOICE:
        return bring_in_case(situation, Reason(code="offer.unsure_again", details={"article": likely[0].article.key}))
    articles = [match.article for match in likely]
    options = (
        *(Option(target=article.key, label=article.text_in(situation.language).title) for article in articles),
        Option(target=AGENT, label=label("other", situation.language)),
    )
    reason = Reason(
        code="offer.likely",
        details={"articles": ", ".join(article.key for article in articles), "score": f"{likely[0].score:.2f}"},
    )
    return Decision(
        action=Action.OFFER,
        rule=9,
        reason=reason,
        replies=(asking(situation, "offer", options),),
        question=question(situation, QuestionKind.CHOICE, articles[0].key, options),
    )
