"""The guided flow for a home line that is slow or keeps dropping: restart, cables, other devices, then a person."""

from gateway.domain.language import Language
from routing.flows.flow import SOLVED, Flow, FlowOption, Step
from routing.labels import AGENT
from routing.text import with_prefixes

_LINE_HEBREW = with_prefixes(("אינטרנט", "גלישה", "ויפי", "ווייפיי", "וויפי", "נתב", "ראוטר", "wifi"))
_TROUBLE_HEBREW = with_prefixes(
    ("איטי", "איטית", "לאט", "זוחלת", "נתקע", "נתקעת", "מתנתק", "מתנתקת", "נופל", "נופלת", "זוחל", "תקוע")
)
_LINE = with_prefixes(("internet", "wifi", "broadband", "router", "connection"))
_TROUBLE = with_prefixes(
    ("slow", "slowly", "dropping", "drops", "disconnecting", "disconnects", "laggy", "lagging", "crawling")
)


def _fixed() -> FlowOption:
    return FlowOption(target=SOLVED, labels={Language.HEBREW: "כן, הסתדר", Language.ENGLISH: "Yes, fixed"})


def _still(target: str) -> FlowOption:
    return FlowOption(target=target, labels={Language.HEBREW: "לא, עדיין איטי", Language.ENGLISH: "No, still slow"})


SLOW_INTERNET = Flow(
    key="slow_internet",
    triggers=((_LINE_HEBREW, _TROUBLE_HEBREW), (_LINE, _TROUBLE)),
    steps=(
        Step(key="restart", options=(_fixed(), _still("cable"))),
        Step(key="cable", options=(_fixed(), _still("devices"))),
        Step(key="devices", options=(_fixed(), _still(AGENT))),
    ),
)
