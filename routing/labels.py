"""What stands on the buttons of the questions routing asks; short enough for WhatsApp (20 characters)."""

from gateway.domain.language import Language

YES = "yes"
AGENT = "agent"

_LABELS = {
    YES: {Language.HEBREW: "כן, תודה", Language.ENGLISH: "Yes, thanks"},
    AGENT: {Language.HEBREW: "לא, נציג בבקשה", Language.ENGLISH: "No, a person please"},
    "other": {Language.HEBREW: "משהו אחר", Language.ENGLISH: "Something else"},
}


def label(key: str, language: Language) -> str:
    """Give the words on a button, in Hebrew or English."""
    return _LABELS[key][language]
