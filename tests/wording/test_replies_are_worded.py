"""Whatever routing decides can be worded: each reply carries exactly what its template needs, on every channel."""

import pytest
from routing_kit import (
    CHOICE,
    EMPTY,
    FREE,
    HELPFUL,
    KNOWS,
    NOW,
    SCORE,
    STEP,
    Book,
    case,
    facts,
    mail,
    on,
    sample_articles,
    text,
)

from gateway.domain.cases import CaseStatus
from gateway.domain.channel import Channel
from gateway.domain.consent import Purpose
from gateway.domain.language import Language
from gateway.domain.messages import MessageKind, Verification
from gateway.wording import Wording
from gateway.wording.segments import count

WORDING = Wording.load()
WORDS = (
    "הסר,start,עזרה,נציג,בושה,1,2,3,5,כן,לא,האינטרנט איטי,סטטוס,C-10276,מתי פתוח,when do you open,my internet is slow,"
    "talk to an agent,status,help,stop,שלום,hello there friends,?,42,something entirely different,משהו אחר לגמרי"
)
CASES = (
    None,
    case(),
    case(assignee="נועה"),
    case(answer_due_at=None),
    case(answer_due_at=NOW.replace(year=2025)),
    case(status=CaseStatus.PENDING),
    case(status=CaseStatus.RESOLVED),
)


def decisions():
    for words in WORDS.split(","):
        for language in (Language.HEBREW, Language.ENGLISH, Language.RUSSIAN):
            for newest in CASES:
                for question in (None, HELPFUL, CHOICE, SCORE, FREE, STEP):
                    for opted_out in (frozenset(), frozenset({Purpose.ANY})):
                        known = facts(language=language, newest_case=newest, question=question, opted_out=opted_out)
                        for book in (EMPTY, KNOWS, Book(("hours", 0.4), ("refund", 0.3))):
                            yield on(words, known, book)
    yield on(mail("hello", verification=Verification.NONE))
    yield on(text("", kind=MessageKind.UNSUPPORTED))


def test_every_reply_has_the_values_its_template_needs():
    seen = {}
    for decision in decisions():
        for reply in decision.replies:
            seen.setdefault(reply.template, reply)
            given = set(reply.values) | {"case_number"}
            assert WORDING.placeholders(reply.template) <= given, reply.template
            assert set(reply.values) <= WORDING.placeholders(reply.template) | {"organisation", "title"}, reply.template
    assert len(seen) > 20
    for reply in seen.values():
        for channel in Channel:
            assert WORDING.render(reply.template, reply.language, {"case_number": "C-1", **reply.values}, channel).text


@pytest.mark.parametrize("article", sample_articles(), ids=lambda article: article.key)
def test_a_sample_answer_is_plain_short_and_fits_its_buttons(article):
    for text_ in article.texts:
        rendered = WORDING.render("answer", text_.language, {"title": text_.title, "answer": text_.answer}, Channel.SMS)
        counted = count(rendered.text)
        assert counted.segments <= 5
        assert (counted.encoding == "GSM-7") == (text_.language is Language.ENGLISH)
        assert len(text_.title) <= 24, "a row of a WhatsApp list holds 24 characters"
        assert 4 <= len(text_.variants) <= 8
    assert [text_.language for text_ in article.texts] == [Language.HEBREW, Language.ENGLISH]


def test_the_sample_knowledge_has_no_key_and_no_question_twice():
    articles = sample_articles()
    keys = [article.key for article in articles]
    variants = [variant for article in articles for text_ in article.texts for variant in text_.variants]
    assert len(keys) == len(set(keys)) >= 25
    assert len(variants) == len(set(variants))
