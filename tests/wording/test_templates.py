"""Message templates: complete in both languages, sound before anything is sent, and cheap as SMS."""

import re
from pathlib import Path

import pytest

from gateway.domain.channel import Channel
from gateway.domain.errors import ConfigurationError, NotFound
from gateway.domain.language import Language
from gateway.wording import MissingValue, Wording
from gateway.wording.segments import count
from gateway.wording.template import Template, fill

WORDING = Wording.load()
ROUTING = Path(__file__).parents[2] / "routing"
VALUES = {
    "answer": "X",
    "assignee": "Noa Levi",
    "case_number": "C-10276",
    "code": "481516",
    "expected_at": "2026-11-22T14:30+02:00",
    "help_url": "https://galim.example/help",
    "organisation": "Galim",
    "question": "How was it?",
    "subject": "LiveUpdates",
    "text": "Your cheque book is ready.",
    "title": "Opening hours",
    "update": "a technician is on the way.",
}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", [Language.HEBREW, Language.ENGLISH])
@pytest.mark.parametrize("name", WORDING.names)
def test_every_template_renders_on_every_channel(name, language, channel):
    values = {placeholder: VALUES[placeholder] for placeholder in WORDING.placeholders(name)}
    rendered = WORDING.render(name, language, values, channel)
    assert rendered.text
    assert "{{" not in rendered.text + rendered.subject
    assert rendered.text == rendered.text.strip()
    # Mail needs a subject of ours: a forged sender's own must never come back.
    assert bool(rendered.subject) == (channel is Channel.EMAIL)


@pytest.mark.parametrize("name", WORDING.names)
def test_templates_speak_the_language_of_their_folder(name):
    values = dict.fromkeys(WORDING.placeholders(name), "")
    hebrew = WORDING.render(name, Language.HEBREW, values, Channel.WHATSAPP).text
    english = WORDING.render(name, Language.ENGLISH, values, Channel.WHATSAPP).text
    assert not re.search("[א-ת]", english)
    if english.strip():
        assert re.search("[א-ת]", hebrew) or name in ("survey.invite", "survey.question")


@pytest.mark.parametrize("name", WORDING.names)
def test_an_english_sms_stays_in_the_cheap_alphabet_and_short(name):
    values = {placeholder: VALUES[placeholder] for placeholder in WORDING.placeholders(name)}
    counted = count(WORDING.render(name, Language.ENGLISH, values, Channel.SMS).text)
    assert counted.encoding == "GSM-7"
    assert counted.segments <= 2


@pytest.mark.parametrize(
    "name",
    [
        "case.opened",
        "case.added",
        "hand_over",
        "offer",
        "consent.stopped",
        "consent.started",
        "identity.code",
        "case.status.due",
    ],
)
def test_the_commonest_hebrew_sms_take_one_segment(name):
    values = {placeholder: VALUES[placeholder] for placeholder in WORDING.placeholders(name)}
    assert count(WORDING.render(name, Language.HEBREW, values, Channel.SMS).text).segments == 1


def test_every_template_that_routing_names_exists():
    source = "\n".join(path.read_text("utf-8") for path in ROUTING.rglob("*.py"))
    named = set(re.findall(r'(?:reply|asking)\(\s*situation, "([a-z._]+)"', source))
    named |= set(
        re.findall(r'(?:template=|template = |acknowledgement\(situation, |_confirmation\()"([a-z._]+)"', source)
    )
    assert len(named) > 10
    assert named <= set(WORDING.names)


def write(folder, **files):
    for name, content in files.items():
        language, _, stem = name.partition("_")
        (folder / language).mkdir(exist_ok=True)
        (folder / language / f"{stem.replace('__', '.')}.txt").write_text(content, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param({"he_a": "x"}, "templates/he/a.txt is missing in en", id="one language only"),
        pytest.param({"he_a": "{{x}}", "en_a": "{{y}}"}, "differ in x, y", id="languages that need other values"),
        pytest.param(
            {"he_a": "{{ first name }}", "en_a": "b"}, "braces that are no {{placeholder}}", id="no placeholder"
        ),
        pytest.param({"he_a": "{% if x %}{{", "en_a": "b"}, "braces", id="half a placeholder"),
        pytest.param({"he_a__sms": "x", "en_a__sms": "x"}, "no a.txt beside it", id="only for one channel"),
        pytest.param(
            {"he_a": "x", "en_a": "x", "he_a__sms": "{{y}}", "en_a__sms": "{{y}}"},
            "needs y, which a.txt does not",
            id="surplus",
        ),
    ],
)
def test_a_set_of_templates_that_could_fail_is_refused_at_start(tmp_path, files, problem):
    with pytest.raises(ConfigurationError, match=re.escape(problem)):
        Wording.load(write(tmp_path, **files))


def test_all_problems_are_listed_at_once(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        Wording.load(write(tmp_path, he_a="{{", en_b="x"))
    assert len(caught.value.problems) == 3


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no templates"):
        Wording.load(tmp_path)


def test_a_value_is_never_read_as_a_template():
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": "{{a}}"}) == "{{b}} {{a}}"
    assert fill("{{a}}", {"a": "{{''.__class__}} {% for %} $1 \\1"}) == "{{''.__class__}} {% for %} $1 \\1"


def test_a_missing_value_is_named_and_a_surplus_one_ignored():
    with pytest.raises(MissingValue, match="case_number"):
        WORDING.render("case.status.open", Language.ENGLISH, {}, Channel.SMS)
    assert WORDING.render("clarify", Language.ENGLISH, {"x": "y"}, Channel.SMS).text


def test_an_unknown_template_is_named():
    with pytest.raises(NotFound, match=r"nothing\.such"):
        WORDING.placeholders("nothing.such")
    with pytest.raises(NotFound, match=r"nothing\.such"):
        WORDING.render("nothing.such", Language.HEBREW, {}, Channel.SMS)


def test_the_subject_is_the_first_line_and_no_part_of_the_text():
    template = Template.from_file("Subject: Case {{n}}\n\nHello\nSubject: not this\n")
    assert (template.subject, template.text) == ("Case {{n}}", "Hello\nSubject: not this")
    assert template.placeholders == {"n"}


def test_a_subject_stays_on_one_line_whatever_its_values():
    values = {"subject": "a\r\nBcc: x@example.com", "text": "t", "organisation": "o"}
    assert WORDING.render("notice", Language.ENGLISH, values, Channel.EMAIL).subject == "a Bcc: x@example.com"


@pytest.mark.parametrize(
    ("language", "default", "expected"),
    [
        (Language.ARABIC, Language.HEBREW, "שמחנו"),
        (Language.RUSSIAN, Language.ENGLISH, "Glad"),
        (Language.RUSSIAN, Language.RUSSIAN, "שמחנו"),
        (Language.ENGLISH, Language.HEBREW, "Glad"),
    ],
)
def test_languages_without_templates_get_the_default(language, default, expected):
    assert Wording.load(default=default).render("helpful.thanks", language, {}, Channel.SMS).text.startswith(expected)
