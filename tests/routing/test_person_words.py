"""Asking for a person: always heard, and not where a sentence only mentions one."""

import csv

import pytest
from routing_kit import SHARED

from routing.person_words import asks_for_person
from routing.text import plain

ASKING = (
    "agent,Agent!,AGENT PLEASE,human,representative,operator,rep,real person,a real human please,"
    "live agent,I want to talk to an agent,can I speak to a human,talk to a person,"
    "let me talk to someone,speak with a representative,connect me to an agent,"
    "transfer me to a human please,I need a human,get me a manager,call me,call me back,"
    "customer service,give me a person please,I want to speak to someone real,"
    "is there a real person there,hello I need to talk to an agent about my bill,not a bot a human,"
    "נציג,נציג!!!,נציג בבקשה,נציגה,נציג אנושי,נציג שירות,אני רוצה נציג,אני רוצה לדבר עם נציג,"
    "אפשר לדבר עם נציג?,לדבר עם מישהו,רוצה לדבר עם בן אדם,אדם אמיתי,אדם אמיתי בבקשה,מענה אנושי,מוקדן,"
    "מוקדנית,תעבירו אותי לנציג,תעביר לנציג בבקשה,שירות לקוחות,אפשר נציג,צריכה נציג דחוף,תתקשרו אליי,"
    "שמישהו יחזור אליי,תחזרו אלי,יש שם מישהו,לא בוט נציג,אני מבקשת לדבר עם נציגה,לנציג,בן אדם,"
    "האינטרנט נפל. נציג!,agent! my internet is down,موظف,أريد التحدث مع موظف,خدمة العملاء,شخص حقيقي,"
    "اتصلوا بي,بدي احكي مع موظف,оператор,Оператор!,соедините с оператором,"
    "хочу поговорить с человеком,живой человек,позовите оператора,перезвоните мне"
)


@pytest.mark.parametrize("phrase", ASKING.split(","))
def test_whoever_asks_for_a_person_is_heard(phrase):
    assert asks_for_person(phrase, tuple(plain(phrase).split()))


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("your agent told me the refund is on its way", id="an agent of the past"),
        pytest.param("how do I become a sales representative of yours in Haifa", id="a job"),
        pytest.param("the human resources department of my company pays the bill", id="human resources"),
        pytest.param("I don't need an agent, just the hours", id="not wanted"),
        pytest.param("לא צריך נציג, רק את שעות הפתיחה", id="not wanted, in Hebrew"),
        pytest.param("הנציגה שענתה לי אתמול הייתה נהדרת", id="praise"),
        pytest.param("מה שעות הפעילות", id="nothing of the kind"),
        pytest.param("please call me Tom", id="a name"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_sentence_that_only_mentions_a_person_is_not_a_wish(sentence):
    assert asks_for_person(sentence, tuple(plain(sentence).split())) is None


def test_banking_questions_are_hardly_ever_taken_for_the_wish():
    if not SHARED.exists():
        pytest.skip("the question collections are not here")
    with (SHARED / "banking77" / "train.csv").open(encoding="utf-8") as file:
        questions = [row[0] for row in csv.reader(file)]
    assert sum(asks_for_person(question, tuple(plain(question).split())) is not None for question in questions) <= 5
