"""What the customer wrote is told from what the mail quotes and from the signature, in Hebrew as in English."""

from pathlib import Path

import pytest

from channels.email import folding, html, mime

REAL = Path(__file__).parents[3] / "shared" / "data" / "replies"

REPLIES = [
    pytest.param(
        "תודה, לא עזר.\n\n\u202bבתאריך יום ב׳, 3 בנוב׳ 2025 ב-10:15 מאת \u202aSupport\u202c\u200f "
        "<\u202as@example.com\u202c\u200f>:\u202c\n\n> שלום\n",
        "תודה, לא עזר.",
        id="Gmail in Hebrew",
    ),
    pytest.param(
        "תודה\n\nבתאריך יום ג׳, 4 בנוב׳ 2025, 10:15, מאת A Very Long Name Of A Team <\ns@example.com>:\n\n> שלום\n",
        "תודה",
        id="Gmail in Hebrew, wrapped",
    ),
    pytest.param(
        "כן\n\nבתאריך 5 בינואר 2025 בשעה 12:00, מאת דנה <d@example.net> כתב/ה:\n> שלום",
        "כן",
        id="Gmail in Hebrew, older",
    ),
    pytest.param(
        "לא מצליח\n\nמאת: תמיכה <s@example.com>\nנשלח: יום ראשון 02 נובמבר 2025 14:03\nאל: דנה לוי\nנושא: "
        "RE: כניסה\n\nשלום דנה,\nנסי שוב.",
        "לא מצליח",
        id="Outlook in Hebrew",
    ),
    pytest.param(
        "טוב\n________________________________\nמאת: תמיכה\nנשלח: יום ראשון\nאל: דנה\nנושא: כניסה\n\nשלום",
        "טוב",
        id="Outlook.com in Hebrew",
    ),
    pytest.param(
        "עובד\n\nנכתב על ידי תמיכה, ב־02/11/2025 בשעה 14:03:\n> שלום\n> נסי\n", "עובד", id="Thunderbird in Hebrew"
    ),
    pytest.param(
        "הנה\n-------- הודעה מקורית --------\nמאת: x@example.net\n\nהתוכן", "הנה", id="an original message in Hebrew"
    ),
    pytest.param(
        "לא הגיע\n\nנשלח מה-iPhone שלי\n\n\u202bב-3 בנוב׳ 2025, בשעה 10:15, \u200fSupport <s@example.com> "
        "כתב/ה:\u202c\n\n> \u202bשלום\u202c\n",
        "לא הגיע",
        id="iPhone in Hebrew",
    ),
    pytest.param("בסדר\n\n\nנשלח מה-Galaxy שלי\n", "בסדר", id="Samsung in Hebrew"),
    pytest.param(
        "בסדר\n\nהורד את Outlook עבור iOS\n________________________________\nמאת: A\nנשלח: היום\nאל: b\nנושא: c\n\nhi",
        "בסדר",
        id="Outlook for iOS in Hebrew",
    ),
    pytest.param(
        "Hi\n\nOn Mon, Nov 3, 2025 at 10:15 AM Support <s@example.com> wrote:\n\n> Hello\n>\n>> older\n",
        "Hi",
        id="Gmail",
    ),
    pytest.param(
        "Hi\n\nOn Mon, Nov 3, 2025 at 10:15 AM A Very Long Name <\na.very.long.address@example.com> wrote:\n\n> Hello",
        "Hi",
        id="Gmail, wrapped",
    ),
    pytest.param(
        "Thanks!\n\nOn Mon, Nov 3, 2025, 10:15 Support <s@example.com> wrote:\n\nHi there\nolder words",
        "Thanks!",
        id="a quote that is not marked",
    ),
    pytest.param(
        "Hi\n\n*From:* Support <s@example.com>\n*Sent:* Monday\n*To:* Dana\n*Subject:* Re\n\nbody",
        "Hi",
        id="Outlook, bold",
    ),
    pytest.param("Hi\n\n-----Original Message-----\nFrom: a\nSent: b\n\nbody", "Hi", id="older Outlook"),
    pytest.param(
        "On 3/11/2025 10:15, Support wrote:\n> hi\n> how\n\nI am fine", "I am fine", id="the answer below the quote"
    ),
    pytest.param("Danke\n\nAm 03.11.2025 um 10:15 schrieb Support:\n> Hallo", "Danke", id="German"),
    pytest.param(
        "Merci\n\nLe lun. 3 nov. 2025 à 10:15, Support <s@example.com> a écrit :\n\n> Salut", "Merci", id="French"
    ),
    pytest.param('Спасибо\n\n03.11.2025, 10:15, "Support" <s@example.com>:\n> Привет', "Спасибо", id="Russian"),
    pytest.param("Test\n2011/4/7 Bob <b@example.net>\n\n> Hi", "Test", id="a date and an address, no verb"),
    pytest.param("Yes\n\n---- On Mon, 03 Nov 2025 10:15 Bob <b@example.net> wrote ----\n\nold", "Yes", id="Zoho"),
    pytest.param("Yes\n\nQuoting Bob <b@example.net>:\n\n> old", "Yes", id="Horde"),
    pytest.param(
        "Yes\n\n On Mon, Nov 3, 2025 at 10:15, Bob<b@example.net> wrote:   old words", "Yes", id="Yahoo on Android"
    ),
    pytest.param("Please help\n-- \nDana Levi\nCEO", "Please help", id="a signature"),
    pytest.param("Please help\n\nSent from my iPhone", "Please help", id="a phone's line"),
    pytest.param("Please help\n\nGet Outlook for Android", "Please help", id="an app's line"),
    pytest.param("> your name?\n\nDana\n\n> number?\n\n1234\n", "Dana\n\n1234", id="answers between quotes are kept"),
]
KEPT = [
    pytest.param("> hi\n> there", id="only a quote"),
    pytest.param("Sent from my iPhone", id="only a phone's line"),
    pytest.param(
        "On Monday at 10:30 I wrote you a letter and got no answer:\nplease check.", id="a sentence like an attribution"
    ),
    pytest.param("My trip:\nFrom: Haifa\nTo: Tel Aviv\nwhen can I go?", id="a form with From and To"),
    pytest.param("שלום\nנושא: תקלה\nתאריך: 1.1.2025\nשם: דנה\nמה עושים?", id="a form in Hebrew"),
    pytest.param(
        "The form was ok.\nSent with my mother's application yesterday", id="a sentence that begins with Sent"
    ),
    pytest.param(
        "ראו מטה\n\n---------- Forwarded message ---------\nFrom: x\nDate: y\nSubject: z\nTo: w\n\nbody",
        id="what was forwarded",
    ),
    pytest.param(
        "-------- הודעה שהועברה --------\nנושא: חשבונית\nתאריך: 1.1.2025\nמאת: x\nאל: z\n\nתוכן",
        id="forwarded in Hebrew",
    ),
    pytest.param(
        "From: a@example.net\nSent: Monday\nTo: b\nSubject: c\n\nall below a header", id="nothing above a header"
    ),
    pytest.param("1. first\n2. second\n- third", id="a list"),
]


@pytest.mark.parametrize(("text", "reply"), REPLIES)
def test_the_reply_is_told_from_the_quote(text, reply):
    assert folding.fold(text).reply == reply


@pytest.mark.parametrize("text", KEPT)
def test_words_are_kept_when_in_doubt(text):
    assert folding.fold(text).reply == text


PAGES = [
    pytest.param(
        '<div dir="rtl">תודה</div><br><div class="gmail_quote"><div dir="rtl" '
        'class="gmail_attr">\u202bבתאריך 3.11 מאת Support:\u202c<br></div><blockquote '
        'class="gmail_quote">שלום</blockquote></div>',
        "תודה",
        id="Gmail",
    ),
    pytest.param(
        '<p class="MsoNormal">תודה</p><div><div style="border:none;border-top:solid #E1E1E1 '
        '1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>מאת:</b> תמיכה<br><b>נשלח:</b> '
        "היום<br><b>אל:</b> דנה</p></div></div><p>ישן</p>",
        "תודה",
        id="Outlook",
    ),
    pytest.param(
        '<div>תודה</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>מאת:</b> תמיכה</div><div>ישן</div>',
        "תודה",
        id="Outlook on the web",
    ),
    pytest.param(
        '<div>Hi<br><br>Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 3 Nov 2025, '
        "at 10:15, S &lt;s@example.com&gt; wrote:<br><br></blockquote></div><blockquote "
        'type="cite"><div>old</div></blockquote>',
        "Hi",
        id="Apple Mail",
    ),
    pytest.param(
        '<p>Hi</p><div class="moz-cite-prefix">On 3/11/25 10:15, S wrote:<br></div><blockquote type="cite" '
        'cite="mid:x">old</blockquote>',
        "Hi",
        id="Thunderbird",
    ),
    pytest.param(
        '<div>Hi</div><div id="ydp1yahoo_quoted_1" class="yahoo_quoted"><div>On Monday S '
        "wrote:</div><div>old</div></div>",
        "Hi",
        id="Yahoo",
    ),
    pytest.param(
        '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">my own indented words</blockquote>',
        "my own indented words",
        id="the writer's own indentation",
    ),
    pytest.param(
        '<div class="gmail_quote">On Mon, Nov 3, 2025 at 10:15 AM S &lt;s@example.com&gt; wrote:<blockquote '
        'class="gmail_quote">name?</blockquote>Dana<blockquote '
        'class="gmail_quote">number?</blockquote>1234</div>',
        "Dana\n1234",
        id="answers inside Gmail's quote",
    ),
]


@pytest.mark.parametrize(("page", "reply"), PAGES)
def test_the_reply_is_told_from_the_quote_in_html(page, reply):
    marked = html.to_text(page)
    assert folding.fold(marked).reply == reply
    assert not {html.CUT, html.ATTRIBUTION} & set(folding.unmarked(marked))


def test_the_whole_text_is_kept_beside_the_reply():
    text = "תודה\n\nמאת: א\nנשלח: ב\nאל: ג\nנושא: ד\n\nישן"
    assert folding.unmarked(text) == text
    assert folding.fold(text).is_folded


@pytest.mark.parametrize(
    "text",
    [
        ">\n" * 20_000,
        "On 1/1/2020 a@b:\n" * 20_000,
        "From: x\nDate: y\n" * 10_000,
        "wrote " * 40_000 + ":",
        "<x@" * 60_000 + ":",
    ],
    ids=["quotes", "attributions", "headers", "verbs", "brackets"],
)
def test_folding_takes_no_more_time_than_the_text_is_long(text):
    import time

    started = time.perf_counter()
    folding.fold(text)
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    "page", ["<div>" * 100_000, "<div>" * 100_000 + "x" + "</div>" * 100_000, "<td>" * 100_000, "<p>x" * 100_000]
)
def test_rendering_takes_no_more_time_than_the_page_is_long(page):
    import time

    started = time.perf_counter()
    html.to_text(page)
    assert time.perf_counter() - started < 4


@pytest.fixture
def real():
    if not REAL.exists():
        pytest.skip("the real replies are not beside this checkout")
    return REAL


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_real_plain_replies_are_read(real):
    wrong = []
    for path in sorted((real / "standard_replies").glob("*.eml")):
        said = path.with_name(f"{path.stem}_reply_text")
        expected = said.read_text() if said.exists() else "Hello"
        folded = folding.fold(mime.read(path.read_bytes()).first("text/plain").text())
        # The material counts the signature as part of the reply; it is folded apart here.
        if squeezed(folded.reply) != "Hello" or squeezed(folded.reply + folded.signature) != squeezed(expected):
            wrong.append(path.name)
    assert wrong == []


def test_real_html_replies_are_read(real):
    read = {
        path.name: folding.fold(html.to_text(path.read_text())).reply
        for path in sorted((real / "html_replies").iterdir())
    }
    assert {name for name, reply in read.items() if squeezed(reply) != "Hi.Iamfine.Thanks,Alex"} == set()
