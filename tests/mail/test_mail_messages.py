"""One mail becomes one message: its words, names, files and thread, however it was written."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import Request
from channels.email import addresses, charset, headers, message
from channels.email.adapter import EmailAdapter
from channels.errors import Forged
from gateway.domain.messages import Automatic, InboundMessage, MessageKind, Verification

PLAIN = "From: Dana <dana@example.net>\r\nTo: support@example.com\r\nMessage-ID: <m1@example.net>\r\n"


@pytest.fixture
def parse(account, mail):
    adapter = EmailAdapter(account)

    def one(raw, **envelope) -> InboundMessage:
        (event,) = adapter.parse(adapter.unpack(mail(raw, **envelope)))
        return event

    return one


@pytest.fixture
def payload():
    from pathlib import Path

    folder = Path(__file__).parent.parent / "payloads" / "mail"
    return lambda name: (folder / name).read_bytes()


def test_a_hebrew_mail_is_read_whole(parse, payload):
    event = parse(payload("hebrew-windows-1255.eml"))
    assert event.text == "שלום, הזמנה 1234 לא הגיעה. אפשר לבדוק?"
    assert (event.subject, event.sender.name, event.sender.address.value) == ("הזמנה", "דנה לוי", "dana@example.net")
    assert event.provider_id == "he1@example.net"
    assert event.endpoint == "smtp:email:support@example.com"
    assert event.occurred_at == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)


HEBREW = "שלום, לא קיבלתי תשובה כבר שבוע"


@pytest.mark.parametrize(
    ("content", "declared", "expected"),
    [
        pytest.param(HEBREW.encode("cp1255"), "windows-1255", HEBREW, id="as labelled"),
        pytest.param(HEBREW.encode("cp1255"), "iso-8859-8-i", HEBREW, id="a name Python does not know"),
        pytest.param(
            "“מחיר” 5 ₪".encode("cp1255"), "iso-8859-8", "“מחיר” 5 ₪", id="Windows letters under the ISO name"
        ),
        pytest.param(HEBREW.encode("cp1255"), "iso-8859-1", HEBREW, id="Hebrew labelled Latin"),
        pytest.param(HEBREW.encode("cp1255"), "us-ascii", HEBREW, id="Hebrew labelled ASCII"),
        pytest.param(HEBREW.encode("cp1255"), "utf-8", HEBREW, id="Hebrew labelled UTF-8"),
        pytest.param(HEBREW.encode("cp1255"), "", HEBREW, id="no label"),
        pytest.param(HEBREW.encode("cp1255"), "x-no-such-charset", HEBREW, id="an unknown label"),
        pytest.param(HEBREW.encode("cp1255"), "hex", HEBREW, id="a codec that is no charset"),
        pytest.param(HEBREW.encode(), "windows-1255", HEBREW, id="UTF-8 labelled Hebrew"),
        pytest.param(HEBREW.encode(), "us-ascii", HEBREW, id="UTF-8 labelled ASCII"),
        pytest.param(b"\xef\xbb\xbf" + HEBREW.encode(), "windows-1255", HEBREW, id="a byte order mark wins"),
        pytest.param("Ça va à Orléans?".encode("cp1252"), "iso-8859-1", "Ça va à Orléans?", id="French stays French"),
        pytest.param("Ça va à Orléans?".encode("cp1252"), "", "Ça va à Orléans?", id="French without label"),
        pytest.param(
            "Здравствуйте, где мой заказ".encode("cp1251"),
            "",
            "Здравствуйте, где мой заказ",
            id="Russian without label",
        ),
        pytest.param("こんにちは".encode("iso-2022-jp"), "iso-2022-jp", "こんにちは", id="a charset with escapes"),
        pytest.param("你好".encode("gb18030"), "gb2312", "你好", id="Chinese beyond its label"),
        pytest.param(HEBREW.encode()[:-1], "utf-8", HEBREW[:-1] + "�", id="a cut letter is the only one lost"),
    ],
)
def test_text_is_read_in_spite_of_its_label(content, declared, expected):
    assert charset.decode(content, declared) == expected


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "utf-8", "windows-1255", "utf-16", "base64", "idna", "punycode", "gb2312", "utf-7"]),
)
def test_no_bytes_break_the_reading_of_text(content, declared):
    assert isinstance(charset.decode(content, declared), str)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("=?utf-8?B?16nXnNeV150=?=", "שלום", id="base64"),
        pytest.param("=?UTF-8?q?=D7=A9?=\r\n =?utf-8?q?=D7=9C?=", "של", id="two words, one text"),
        pytest.param("=?utf-8?B?16nX?= =?utf-8?B?nNeV150=?=", "שלום", id="a letter cut between words"),
        pytest.param("Re: =?utf-8?B?16nXnA?= x", "Re: של x", id="padding missing"),
        pytest.param("=?utf-8?B?!!!?= x", "x", id="no base64 at all"),
        pytest.param("=?nope?q?abc?=", "abc", id="unknown charset"),
        pytest.param("=?utf-8*en?q?abc?=", "abc", id="with a language"),
        pytest.param("a\r\n b\r\n\tc", "a b c", id="folds"),
        pytest.param("a\x00b\x07", "ab", id="control characters"),
        pytest.param("\u202egpj.exe", "\u202egpj.exe", id="direction marks stay in running text"),
        pytest.param("שלום", "שלום", id="raw UTF-8"),
    ],
)
def test_header_text_is_decoded(value, expected):
    assert headers.text(value) == expected


@pytest.mark.parametrize(
    ("values", "address"),
    [
        pytest.param(["Dana <dana@example.net>"], "dana@example.net", id="name and address"),
        pytest.param(["DANA@Example.NET"], "dana@example.net", id="address alone"),
        pytest.param(["dana@example.net (Dana)"], "dana@example.net", id="name as comment"),
        pytest.param(['"Levi, Dana" <dana@example.net>'], "dana@example.net", id="comma in quotes"),
        pytest.param(
            ['"boss@bank.example" <dana@example.net>'], "dana@example.net", id="a name that looks like an address"
        ),
        pytest.param(["דנה <dana@דוגמה.net>"], "dana@xn--6dbbec0c.net", id="an international domain in its ASCII form"),
        pytest.param([], None, id="no From"),
        pytest.param(["a@example.net", "b@example.net"], None, id="two From"),
        pytest.param(["a@example.net, b@example.net"], None, id="two addresses"),
        pytest.param(["alice@example.org)bob@example.net"], None, id="CVE-2023-27043"),
        pytest.param(["<alice@example.org><bob@example.net>"], None, id="two angle brackets"),
        pytest.param(["alice@example.org <bob@example.net"], None, id="an open bracket"),
        pytest.param(["<@example.org:bob@example.net>"], None, id="a source route"),
        pytest.param(["group: a@example.net;"], None, id="a group"),
        pytest.param(["a@b@example.net"], None, id="two at signs"),
        pytest.param(['"a@example.org"@example.net'], None, id="a quoted local part"),
        pytest.param(["a@localhost"], None, id="no domain"),
        pytest.param(["a@[10.0.0.1]"], None, id="an address literal"),
        pytest.param(["a..b@example.net"], None, id="empty atoms"),
        pytest.param(["undisclosed"], None, id="no address"),
        pytest.param(
            ["=?utf-8?q?a=40bank.example_=3Cevil?= <dana@example.net>"],
            "dana@example.net",
            id="an encoded bracket is only text",
        ),
    ],
)
def test_the_sender_is_named_only_when_there_is_one_reading(values, address):
    found = addresses.only_sender(values)
    assert (found.address if found else None) == address


@given(st.text(max_size=200))
def test_no_from_breaks_the_reading(value):
    addresses.only_sender([value])


def test_a_mail_with_two_senders_is_never_aligned(parse):
    raw = "From: a@example.net\r\nFrom: b@example.net\r\nMessage-ID: <x@y>\r\n\r\nhi"
    event = parse(raw, verification="aligned")
    assert event.verification is Verification.UNALIGNED


def test_reply_to_is_nobodys_identity(parse):
    event = parse(PLAIN + "Reply-To: victim@example.org\r\n\r\nhi")
    assert event.sender.address.value == "dana@example.net"
    assert event.sender.also == ()


def test_every_kind_of_part_is_kept(parse, payload):
    event = parse(payload("winmail.eml"))
    kinds = [(item.media_type, item.filename) for item in event.attachments]
    assert event.text == "see attached"
    assert kinds == [
        ("application/ms-tnef", "winmail.dat"),
        ("text/calendar", "part-2.ics"),
        ("message/rfc822", "part-3.eml"),
        ("image/png", "תמונה.png"),
        ("application/pkcs7-signature", "smime.p7s"),
    ]
    picture = event.attachments[3]
    assert (picture.content, picture.content_id) == (b"\x89PNG\r\n\x1a\n", "pic1@example.net")
    assert picture.sha256 == hashlib.sha256(picture.content).hexdigest()
    assert b"aW5uZXI=" in event.attachments[2].content


@pytest.mark.parametrize(
    ("head", "filename"),
    [
        pytest.param('attachment; filename="a b.pdf"', "a b.pdf", id="quoted"),
        pytest.param("attachment; filename*=utf-8''%D7%A9%D7%9C.pdf", "של.pdf", id="RFC 2231"),
        pytest.param("attachment; filename*0*=utf-8''%D7%A9; filename*1=x.pdf", "שx.pdf", id="RFC 2231 in pieces"),
        pytest.param(
            'attachment; filename="=?utf-8?B?16nXnA==?=.pdf"', "של.pdf", id="an encoded word where none belongs"
        ),
        pytest.param('attachment; filename="a.jpg\u202egpj.exe"', "a.jpggpj.exe", id="a direction mark is dropped"),
        pytest.param('attachment; filename="a\u200b.exe"', "a.exe", id="an invisible letter is dropped"),
    ],
)
def test_file_names_are_read(parse, head, filename):
    raw = PLAIN + f"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Disposition: {head}\r\n\r\nx"
    assert parse(raw).attachments[0].filename == filename


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        pytest.param(
            "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
            "16nXnNeV\r\n150",
            "שלום",
            id="base64 without padding",
        ),
        pytest.param(
            "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
            "16nX!nNeV150=\r\n-- \r\nfooter",
            "שלום",
            id="base64 with a footer glued on",
        ),
        pytest.param(
            "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
            "a=\r\nb =D7=A9",
            "ab ש",
            id="quoted-printable",
        ),
        pytest.param("text/plain; format=flowed", "one \r\ntwo\r\n\r\nthree", "one two\n\nthree", id="flowed lines"),
        pytest.param("text/html", "<p>a<br>b</p><script>x</script><p>c</p>", "a\nb\n\nc", id="HTML alone"),
        pytest.param("text/html", "<div style='display:none'>hidden</div>seen", "seen", id="hidden text is not read"),
        pytest.param("text/plain", "a\x00b", "ab", id="NUL"),
        pytest.param("text/plain", "", "", id="empty"),
        pytest.param("text/plain", "👍", "👍", id="an emoji alone"),
        pytest.param("multipart/mixed", "no boundary", "no boundary", id="a multipart that is none"),
        pytest.param(
            "multipart/alternative; boundary=x",
            "--x\r\nContent-Type: text/plain\r\n\r\n \r\n--x\r\nContent-Type: text/html\r\n\r\n<b>hi</b>\r\n--x--",
            "hi",
            id="an empty plain half",
        ),
        pytest.param("multipart/mixed; boundary=x", "--x\r\n\r\nunclosed", "unclosed", id="no closing boundary"),
        pytest.param("nonsense", "hi", "hi", id="a type that is none"),
    ],
)
def test_the_words_are_found(parse, content_type, body, text):
    event = parse(PLAIN + f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n{body}")
    assert event.text == text


def test_a_mail_of_files_only_says_what_it_is(parse):
    event = parse(PLAIN + "Content-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n/9j/")
    assert (event.kind, event.text, len(event.attachments)) == (MessageKind.IMAGE, "", 1)


def test_a_mail_without_an_id_gets_the_same_one_each_time(parse):
    raw = "From: a@example.net\r\n\r\nhi"
    assert parse(raw).provider_id == parse(raw).provider_id
    assert parse(raw).provider_id != parse(raw + "!").provider_id


@pytest.mark.parametrize(
    ("date", "is_believed"),
    [
        ("Sun, 1 Mar 2026 11:59:00 +0000", True),
        ("Sun, 1 Mar 2099 00:00:00 +0000", False),
        ("yesterday", False),
        ("", False),
        ("Thu, 99 Foo 10000 99:99", False),
    ],
)
def test_a_date_from_the_future_or_none_gives_way_to_the_time_of_arrival(parse, date, is_believed):
    event = parse(PLAIN + f"Date: {date}\r\n\r\nhi")
    arrived = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert event.occurred_at == (arrived - timedelta(minutes=1) if is_believed else arrived)


def test_the_thread_is_named_nearest_first(parse):
    event = parse(PLAIN + "In-Reply-To: <c@x> (from you)\r\nReferences: <a@x> <b@x>\r\n\t<c@x>\r\n\r\nhi")
    assert event.context.provider_ids == ("c@x", "b@x", "a@x")
    assert event.context.conversation_id is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("Auto-Submitted: auto-replied", Automatic.AUTO_REPLY, id="RFC 3834"),
        pytest.param("Auto-Submitted: no", None, id="a person says so"),
        pytest.param("Auto-Submitted: auto-generated; x=y", Automatic.AUTO_REPLY, id="with parameters"),
        pytest.param("X-Autoreply: yes", Automatic.AUTO_REPLY, id="an older mark"),
        pytest.param("X-Auto-Response-Suppress: OOF, AutoReply", Automatic.AUTO_REPLY, id="Exchange"),
        pytest.param("X-Auto-Response-Suppress: DR", None, id="Exchange, of receipts only"),
        pytest.param("Precedence: auto_reply", Automatic.AUTO_REPLY, id="precedence auto_reply"),
        pytest.param("Precedence: bulk", Automatic.LIST, id="precedence bulk"),
        pytest.param("List-Id: <news.example.net>", Automatic.LIST, id="a list"),
        pytest.param("Subject: Automatic reply: your question", Automatic.AUTO_REPLY, id="Outlook's subject"),
        pytest.param("Subject: תשובה אוטומטית: מחוץ למשרד", Automatic.AUTO_REPLY, id="Outlook's subject in Hebrew"),
        pytest.param("Subject: מענה אוטומטי", Automatic.AUTO_REPLY, id="Gmail's subject in Hebrew"),
        pytest.param("Subject: Out of office chairs?", None, id="a person's subject"),
        pytest.param("Subject: אני בחופשה ולא הגיעה ההזמנה", None, id="a person on holiday"),
        pytest.param("X-Loop: eshnav@example.com", Automatic.LOOP, id="our own mark"),
    ],
)
def test_mail_that_no_person_wrote_is_told_apart(parse, fields, expected):
    assert parse(PLAIN + fields + "\r\n\r\nhi").automatic is expected


def test_a_null_sender_is_never_a_person(parse):
    assert parse(PLAIN + "\r\nhi", mail_from="").automatic is Automatic.AUTO_REPLY


def test_our_own_mail_coming_back_is_a_loop(parse, account):
    from channels.email.automatic import message_id

    assert parse("From: support@example.com\r\n\r\nhi").automatic is Automatic.LOOP
    ours = message_id(account, 7)
    assert parse(f"From: a@example.net\r\nMessage-ID: <{ours}>\r\n\r\nhi").automatic is Automatic.LOOP
    forged = ours.replace("eshnav.7.", "eshnav.8.")
    assert parse(f"From: a@example.net\r\nMessage-ID: <{forged}>\r\n\r\nhi").automatic is None


def test_mail_is_verified_by_its_recipient(account, mail):
    adapter = EmailAdapter(account)
    adapter.verify(mail("hi"))
    for target in ("other@example.com", "", "support+x@example.com"):
        with pytest.raises(Forged):
            adapter.verify(mail("hi", target=target))


@given(st.binary(max_size=400))
def test_no_mail_breaks_the_parser(content):
    from gateway.domain.account import MailAccount

    adapter = EmailAdapter(MailAccount(relay_url="", domain="example.com", reply_secret="s" * 32))
    request = Request(method="MAIL", target="", body=content, received_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert adapter.parse(adapter.unpack(request))


def test_an_ordinary_mail_is_read_in_three_milliseconds(account, mail):
    import time

    request = mail(PLAIN + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + "שלום, יש לי שאלה על החשבון.\r\n" * 200)
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        message.read(request, account)
        best = min(best, time.perf_counter() - started)
    assert best < 0.003
