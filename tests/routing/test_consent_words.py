"""Consent words: every exact word is obeyed, in any dress; ordinary questions are not."""

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_kit import SHARED

from routing.consent_words import Word, consent_word
from routing.text import plain

STOP = {
    "Twilio": "STOP,STOPALL,UNSUBSCRIBE,CANCEL,END,QUIT,REVOKE,OPTOUT",
    "English": (
        "stop,Stop.,stop!,STOP!!!,stoppp,opt out,opt-out,Opt out.,unsubscribe me,remove me,"
        "remove me from your list,take me off the list,take me off this list,please stop,stop please,"
        "stop texting me,Stop sending me messages,please stop texting me,don't text me,do not contact me,"
        "don't contact me again,no more messages,no more texts,stop all messages,end messages,"
        "cancel messages,stop these messages,stop emailing me,unsubscribe from all lists,leave me alone,"
        "I want to unsubscribe,I want to opt out,I don't want any more messages,stop spam,stop it,"
        "I do not consent,withdraw consent,I withdraw my consent,unsub,stop all,please remove me,"
        "delete me from your list,I don't want to receive marketing messages,dont send me ads,"
        "no more emails please,stop messaging me,opt me out,stop contacting me,quit sending me texts,"
        "enough,halt,get me off your mailing list"
    ),
    "Hebrew": (
        "הסר,הסר.,הסר!,״הסר״,הָסֵר,הסרה,הסירו,הסירו אותי,תסירו אותי,להסיר,להסיר אותי,הסר אותי,"
        "הסר אותי מהרשימה,הסירו אותי מרשימת התפוצה,תורידו אותי מהרשימה,תמחקו אותי מהרשימה,עצור,עצרו,די,"
        "די!!,דיייי,די להודעות,הפסק,הפסיקו,תפסיקו,תפסיקו לשלוח לי,תפסיקו לשלוח הודעות,"
        "תפסיקו לשלוח לי הודעות,תפסיקו לשלוח לי סמסים,תפסיק,להפסיק,סטופ,אל תשלחו לי יותר,"
        "אל תשלחו לי הודעות,לא רוצה לקבל הודעות,לא רוצה יותר הודעות,אני לא רוצה לקבל פרסומות,לא מעוניין,"
        "לא מעוניינת,לא מעוניין לקבל הודעות,הסירו בבקשה,נא להסיר,נא להסיר אותי,"
        "נא להסיר אותי מרשימת התפוצה,מספיק,חלאס,בטל רישום,ביטול הרשמה,תוציאו אותי מהרשימה,להסיר מהתפוצה,"
        "הסר בבקשה,אנא הסירו אותי,מבקש הסרה,מבקשת הסרה,תפסיקו להטריד אותי,עזבו אותי,"
        "הסר אותי מרשימת הדיוור"
    ),
    "Arabic": (
        "توقف,أوقف,اوقف,قف,إيقاف,الغاء,إلغاء,إلغاء الاشتراك,كفى,احذفني,ازالة,إزالة,لا ترسلوا لي,"
        "لا أريد رسائل,أوقفوا الرسائل,توقفوا,تَوَقَّف,توقف!,شيلوني من القائمة,خلص,انهاء,لا ترسل,غير مهتم,"
        "أزيلوني من القائمة"
    ),
    "Russian": (
        "стоп,Стоп!,СТОП,остановить,прекратить,прекратите,хватит,отписаться,отпишите меня,отмена,отказ,"
        "не присылайте,не пишите мне,удалите меня из списка,прекратите рассылку,"
        "не присылайте мне сообщения,хочу отписаться,больше не присылайте,удалите меня,"
        "уберите меня из списка,отпишите меня пожалуйста,отстаньте,не беспокоить"
    ),
}
START = (
    "START,UNSTOP,start,subscribe,opt in,sign me up,התחל,התחילו,הצטרף,להצטרף,אני רוצה להצטרף,הרשמה,"
    "החזירו אותי,התחל בבקשה,ابدأ,اشترك,اشتراك,старт,подписаться,хочу подписаться"
)

HELP = (
    "HELP,INFO,help,help me,I need help,Help!,עזרה,עזרה!,אפשר עזרה,אני צריך עזרה,מידע,תפריט,مساعدة,"
    "معلومات,помощь,помогите"
)
WEAK = "YES,yes,כן,חדש,نعم,да"
DRESSES = (
    "{}",
    "  {}  ",
    "{}.",
    "{}...",
    "{}!!!",
    "«{}»",
    "\u200f{}\u200e",
    "\u202b{}\u202c",
    "\u2067{}\u2069",
    "{} 🙏",
    "{}\n",
    "\ufeff{}\u00a0",
    "*{}*",
    "({})",
)


def rows(words: str) -> list[str]:
    return words.split(",")


@pytest.mark.parametrize("phrase", [phrase for words in STOP.values() for phrase in rows(words)])
def test_a_stop_word_is_obeyed(phrase):
    assert consent_word(plain(phrase)) is Word.STOP


@pytest.mark.parametrize(
    ("phrase", "word"),
    [
        *((phrase, Word.START) for phrase in rows(START)),
        *((phrase, Word.HELP) for phrase in rows(HELP)),
        *((phrase, Word.WEAK_START) for phrase in rows(WEAK)),
    ],
)
def test_a_start_or_help_word_is_understood(phrase, word):
    assert consent_word(plain(phrase)) is word


def test_the_tables_of_this_test_are_large_enough_to_mean_something():
    phrases = {phrase for words in STOP.values() for phrase in rows(words)} | set(rows(START)) | set(rows(HELP))
    assert len(phrases) >= 200


@given(
    phrase=st.sampled_from([phrase for words in STOP.values() for phrase in rows(words)]),
    dress=st.sampled_from(DRESSES),
)
def test_no_dress_hides_a_stop_word(phrase, dress):
    assert consent_word(plain(dress.format(phrase))) is Word.STOP


@pytest.mark.parametrize("shape", [str.upper, str.lower, str.title, " ".join])
def test_case_does_not_matter_but_spelled_out_letters_are_another_word(shape):
    assert consent_word(plain(shape("stop"))) is (None if " " in shape("stop") else Word.STOP)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("how do I stop a payment?", id="stop inside a question"),
        pytest.param("stop payment on cheque 5", id="stop with an object that is not messages"),
        pytest.param("please cancel my order", id="cancel something"),
        pytest.param("my bus stop is closed", id="a noun"),
        pytest.param("the end of the contract", id="end of something"),
        pytest.param("can I unsubscribe my brother from the family plan", id="somebody else"),
        pytest.param("די מהר קיבלתי תשובה", id="די means quite"),
        pytest.param("זה די יקר", id="די inside a sentence"),
        pytest.param("איך מסירים חסימה", id="another form of the verb"),
        pytest.param("הסר את החסימה מהכרטיס", id="remove the block"),
        pytest.param("רוצה לבטל הוראת קבע", id="cancel a standing order"),
        pytest.param("מה מספר הסניף", id="מספיק is not מספר"),
        pytest.param("לא", id="no"),
        pytest.param("no", id="no, in English"),
        pytest.param("", id="nothing"),
        pytest.param("stop " * 400, id="a wall of stops is no single word"),
        pytest.param("как остановить платеж", id="stop a payment, in Russian"),
        pytest.param("كيف أوقف الدفع", id="stop a payment, in Arabic"),
    ],
)
def test_a_sentence_that_contains_a_stop_word_is_not_one(question):
    assert consent_word(plain(question)) is not Word.STOP


def test_ordinary_questions_are_never_taken_for_consent():
    if not SHARED.exists():
        pytest.skip("the question collections are not here")
    with (SHARED / "banking77" / "train.csv").open(encoding="utf-8") as file:
        questions = [row[0] for row in csv.reader(file)]
    hebrew = json.loads((SHARED / "heq" / "val.json").read_text("utf-8"))
    questions += [question["question"] for paragraph in hebrew for question in paragraph["questions"]]
    wrong = [question for question in questions if consent_word(plain(question))]
    assert len(wrong) < len(questions) / 1000, wrong
