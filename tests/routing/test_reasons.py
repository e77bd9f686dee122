"""Every reason can be said, in both languages."""

import re
from pathlib import Path

import pytest

from gateway.domain.decision import Reason
from gateway.domain.language import Language
from gateway.domain.messages import Automatic
from routing.reasons import SENTENCES, say

ROUTING = Path(__file__).parents[2] / "routing"
GATEWAY = Path(__file__).parents[2] / "gateway"
CODE = re.compile(r'"((?:ignore|consent|person|case|survey|flow|status|answer|offer|talk|unclear|silent)\.[a-z_]+)"')


def used_codes() -> set[str]:
    source = "\n".join(path.read_text("utf-8") for path in ROUTING.rglob("*.py") if path.name != "reasons.py")
    codes = set(CODE.findall(source)) | {f"ignore.{automatic}" for automatic in Automatic}
    codes |= set(
        re.findall(r'Reason\(code="([a-z_.]+)"', "\n".join(path.read_text("utf-8") for path in GATEWAY.rglob("*.py")))
    )
    templates = {name for path in (ROUTING.parent / "templates" / "en").glob("*.txt") for name in (path.stem,)}
    return {code for code in codes if code not in templates or code in SENTENCES}


def test_every_code_used_has_its_sentence():
    assert used_codes() - set(SENTENCES) == set()


def test_no_sentence_is_left_without_a_use():
    assert set(SENTENCES) - used_codes() == set()


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_asks_for_the_same_details_in_both_languages(code):
    hebrew, english = (re.findall(r"\{(\w+)\}", sentence) for sentence in SENTENCES[code])
    assert sorted(hebrew) == sorted(english)
    assert re.search("[א-ת]", SENTENCES[code][0])
    assert not re.search("[א-ת]", SENTENCES[code][1])


def test_details_fill_the_sentence_and_are_never_read_as_sentences():
    reason = Reason(code="answer.known", details={"article": "{score}", "score": "0.91", "because": "hours"})
    assert say(reason, Language.ENGLISH) == "Knowledge answer: {score} (0.91), by “hours”."


def test_a_reason_of_a_newer_version_stands_for_itself():
    assert say(Reason(code="brand.new"), Language.HEBREW) == "brand.new"


def test_other_languages_read_english():
    assert say(Reason(code="talk.emoji"), Language.RUSSIAN) == SENTENCES["talk.emoji"][1]
