"""Matching questions to the knowledge base: what is answered, what is offered, and what is rightly left alone."""

import csv
import json
import random
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_kit import SHARED, sample_articles

from gateway.domain.knowledge import Article, ArticleText
from gateway.domain.language import Language
from routing.hebrew import bare_forms, skeleton
from routing.knowledge import CONFIDENT, LIKELY, KnowledgeIndex
from routing.text import plain
from routing.vocabulary import Vocabulary

ARTICLES = sample_articles()
INDEX = KnowledgeIndex(ARTICLES, 1)


def best(question: str):
    found = INDEX.match(question, None)
    return (found[0].article.key, found[0].score) if found else (None, 0.0)


@pytest.mark.parametrize(
    ("question", "key"),
    [
        pytest.param("הכרטיס שלי אבד מה עושים", "card-lost", id="other order of words"),
        pytest.param("מה השעות שלכם", "opening-hours", id="short"),
        pytest.param("איך מבטלים את הוראת הקבע", "standing-order", id="article before the noun"),
        pytest.param("שכחתי סיסמא לאפליקציה", "password-reset", id="aleph for he"),
        pytest.param("שכחתי את הססמה לאפליקציה", "password-reset", id="defective spelling"),
        pytest.param("אני צריך העתק חשבוניות", "invoice-copy", id="plural"),
        pytest.param("ומתי מגיע הטכנאי?", "technician", id="prefix and question mark"),
        pytest.param("כשהטכנאי לא הגיע", "technician", id="two prefixes"),
        pytest.param("אֵיךְ מַחְלִיפִים סִים", "sim-replace", id="vowel points"),
        pytest.param("חבילת שיחות לחו״ל", "roaming", id="Hebrew gershayim"),
        pytest.param("איך עוברים לesim", "esim", id="Hebrew prefix on a Latin word"),
        pytest.param("how do i blokc my card", "card-lost", id="letters swapped"),
        pytest.param("when will I get my refnd", "refund-time", id="letter missing"),
        pytest.param("whats the wifi password", "wifi-password", id="apostrophe missing"),
        pytest.param("HOW DO I CANCEL A STANDING ORDER???", "standing-order", id="shouting"),
        pytest.param("ordering cheque books", "cheque-book", id="other forms of the words"),
        pytest.param("what does IBAN mean?", "term-iban", id="glossary"),
        pytest.param("מה זה רומינג?", "term-roaming", id="glossary in Hebrew"),
    ],
)
def test_a_question_in_other_words_is_answered(question, key):
    found, score = best(question)
    assert found == key
    assert score >= CONFIDENT


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.key)
def test_an_article_is_found_by_each_of_its_own_variants(article):
    for text in article.texts:
        for variant in text.variants:
            found, score = best(variant)
            assert (found, score >= CONFIDENT) == (article.key, True), variant


@pytest.mark.parametrize(
    "question",
    [
        "מי היה ראש הממשלה הראשון",
        "איך מכינים פסטה ברוטב עגבניות",
        "מה מזג האוויר מחר בחיפה",
        "who won the world cup in 1998",
        "what is the meaning of life",
        "tell me a joke",
        "как дела",
        "كيف الطقس اليوم",
        "asdf qwer",
        "",
        "!!!",
        "של את מה",
    ],
)
def test_a_question_about_something_else_is_not_answered(question):
    assert best(question)[1] < CONFIDENT


def test_matches_say_which_variant_made_them_and_come_best_first():
    found = INDEX.match("איך חוסמים כרטיס", Language.HEBREW)
    assert found[0].because == "איך חוסמים כרטיס"
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)
    assert len(found) <= 5


def test_an_empty_knowledge_base_knows_nothing():
    empty = KnowledgeIndex((), 3)
    assert (empty.match("anything", None), empty.article("x"), empty.version) == ((), None, 3)


def test_one_article_alone_is_no_reason_to_answer_everything():
    only = KnowledgeIndex(ARTICLES[:1], 1)
    assert only.match("איך חוסמים כרטיס", None)[0].score >= CONFIDENT
    assert all(match.score < LIKELY for match in only.match("מה שעות הפתיחה של הסניף", None))


def test_an_article_without_variants_is_found_by_its_title():
    article = Article(
        article_id=1,
        key="k",
        category="c",
        texts=(ArticleText(language=Language.ENGLISH, title="Parking fines", answer="a"),),
    )
    assert KnowledgeIndex((*ARTICLES, article), 1).match("parking fines", None)[0].article.key == "k"


def test_an_article_without_any_words_harms_nothing():
    silent = Article(
        article_id=1, key="k", category="c", texts=(ArticleText(language=Language.ENGLISH, title="", answer="a"),)
    )
    assert KnowledgeIndex((silent, *ARTICLES), 1).match("איך חוסמים כרטיס", None)[0].article.key == "card-lost"


def test_the_same_question_in_another_dress_is_read_from_memory():
    index = KnowledgeIndex(ARTICLES, 1)
    assert index.match("איך חוסמים כרטיס?", None) is index.match("  איך חוסמים, כרטיס!! ", None)


@given(st.text(max_size=80))
def test_any_text_gets_scores_between_nothing_and_certain(question):
    for match in INDEX.match(question, None):
        assert 0 <= match.score <= 1
        assert match.because in {v for text in match.article.texts for v in (text.title, *text.variants)}


@pytest.mark.parametrize(
    ("one", "other"),
    [("תוכנית", "תכנית"), ("שירות", "שרות"), ("טלוויזיה", "טלויזיה"), ("סיסמה", "ססמה"), ("חיוב", "חיוב")],
)
def test_two_spellings_have_one_skeleton(one, other):
    assert skeleton(plain(one)) == skeleton(plain(other))


def test_prefixes_come_off_one_by_one():
    assert bare_forms(plain("ומהכרטיס"))[:4] == tuple(map(plain, ("ומהכרטיס", "מהכרטיס", "הכרטיס", "כרטיס")))
    assert bare_forms("the") == ("the",)
    assert bare_forms("") == ("",)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("שהכרטיס", "כרטיס"),
        ("כרטיס", "כרטיס"),
        ("כרטסי", "כרטיס"),
        ("כרטיסס", "כרטיס"),
        ("הכרטסי", "כרטיס"),
        ("חתול", "חתול"),
        ("rotuer", "router"),
        ("cat", "cat"),
        ("12345", "12345"),
    ],
)
def test_a_word_is_read_as_one_that_is_known(typed, read):
    assert Vocabulary(["כרטיס", "כרטיס", "router", "car", "12346"]).reading(typed) == read


def shared(name: str):
    if not SHARED.exists():
        pytest.skip("the question collections are not here")
    return (SHARED / name).open(encoding="utf-8")


def banking() -> tuple[KnowledgeIndex, list[tuple[str, str]]]:
    """Ten questions an intent are known; give the index and the questions left over, in a fixed order."""
    by_intent = defaultdict(list)
    with shared("banking77/train.csv") as file:
        for question, intent in list(csv.reader(file))[1:]:
            by_intent[intent].append(question)
    shuffle = random.Random(77).shuffle
    articles, rest = [], []
    for number, (intent, questions) in enumerate(sorted(by_intent.items())):
        shuffle(questions)
        text = ArticleText(
            language=Language.ENGLISH, title=intent.replace("_", " "), answer="", variants=tuple(questions[:10])
        )
        articles.append(Article(article_id=number, key=intent, category="", texts=(text,)))
        rest += [(question, intent) for question in questions[10:]]
    shuffle(rest)
    return KnowledgeIndex(articles, 1), rest


def test_banking_questions_are_answered_rightly_nine_times_in_ten():
    index, rest = banking()
    found = [(index.match(question, None), intent) for question, intent in rest[:1000]]
    right = sum(bool(matches) and matches[0].article.key == intent for matches, intent in found)
    answered = [
        (matches[0].article.key, intent) for matches, intent in found if matches and matches[0].score >= CONFIDENT
    ]
    assert right / len(found) > 0.70
    assert len(answered) / len(found) > 0.52
    assert sum(key == intent for key, intent in answered) / len(answered) > 0.87


def test_questions_out_of_scope_are_left_alone():
    index, _ = banking()
    with shared("clinc150/train_val.json") as file:
        data = json.load(file)
    questions = [question for question, _ in data["oos_train"] + data["oos_val"]]
    for knowledge in (index, INDEX):
        scores = [matches[0].score for question in questions if (matches := knowledge.match(question, None))]
        assert sum(score >= CONFIDENT for score in scores) <= 4


def test_hebrew_questions_about_other_things_are_left_alone():
    with shared("heq/val.json") as file:
        questions = [question["question"] for paragraph in json.load(file) for question in paragraph["questions"]]
    scores = [matches[0].score for question in questions if (matches := INDEX.match(question, None))]
    assert sum(score >= CONFIDENT for score in scores) / len(questions) < 0.01
    assert sum(score >= LIKELY for score in scores) / len(questions) < 0.15


def test_a_greeting_is_not_read_as_a_word_it_is_spelled_like():
    """שלום without its vav is spelled like שלם, to pay."""
    assert best("שלום, איך מחליפים סיסמה?")[0] == best("איך מחליפים סיסמה?")[0] == "password-reset"
    assert best("שלום")[1] < LIKELY
