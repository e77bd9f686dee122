"""Messages, facts, policy and knowledge for routing tests, made in one line each; the sample organisation as data."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from gateway.domain.cases import CaseFacts, CaseStatus, Severity, public_number
from gateway.domain.decision import Decision, Facts
from gateway.domain.dialogue import Option, Question, QuestionKind
from gateway.domain.knowledge import Article, ArticleText, Match
from gateway.domain.language import Language
from gateway.domain.messages import InboundMessage, Sender, Verification
from gateway.domain.people import mailto, tel
from gateway.domain.policy import Hours, Policy, QueueRule
from routing.decide import decide

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "gateway" / "operations" / "sample"

# Sunday 22 November 2026, 10:00 in Jerusalem: people are at work.
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOURS = Hours(
    zone="Asia/Jerusalem",
    weekdays={day: (time(8), time(18)) for day in (6, 0, 1, 2, 3)} | {4: (time(8), time(13))},
)
POLICY = Policy(
    organisation={Language.HEBREW: "גלים", Language.ENGLISH: "Galim"},
    help_url="https://galim.example/help",
    queues=(
        QueueRule(
            name="service",
            hours=HOURS,
            topics={"account": ("כתובת", "address")},
            answer_minutes={Severity.CRITICAL: 30, Severity.HIGH: 60, Severity.NORMAL: 240, Severity.LOW: 480},
        ),
        QueueRule(
            name="billing",
            hours=HOURS,
            topics={"bill": ("חשבונית", "חיוב", "bill", "charge"), "transfer": ("הוראת קבע", "standing order")},
            answer_minutes={Severity.NORMAL: 120},
        ),
        QueueRule(
            name="technical",
            hours=HOURS,
            topics={"internet": ("אינטרנט", "internet", "router")},
            answer_minutes={Severity.NORMAL: 120},
        ),
    ),
)


class Book:
    """A knowledge base that gives what it was told to, whatever is asked."""

    def __init__(self, *scored: tuple[str, float]) -> None:
        self.version = 1
        self.articles = {key: article(key) for key, _ in scored}
        self.scored = scored
        self.asked: list[str] = []

    def article(self, key: str) -> Article | None:
        return self.articles.get(key)

    def match(self, question: str, language: Language | None) -> Sequence[Match]:
        del language
        self.asked.append(question)
        return tuple(Match(article=self.articles[key], score=score, because="test") for key, score in self.scored)


def article(key: str) -> Article:
    return Article(
        article_id=1,
        key=key,
        category="test",
        texts=(
            ArticleText(language=Language.HEBREW, title=f"כותרת {key}", answer=f"תשובה {key}"),
            ArticleText(language=Language.ENGLISH, title=f"Title {key}", answer=f"Answer {key}"),
        ),
    )


EMPTY = Book()
KNOWS = Book(("hours", 0.9))


def text(words: str, **more: object) -> InboundMessage:
    """An SMS from a phone the provider vouches for."""
    return InboundMessage(
        endpoint="twilio:sms:+15005550006",
        provider_id="SM1",
        sender=Sender(address=tel("+972501234567")),
        text=words,
        **more,
    )


def mail(words: str, *, verification: Verification = Verification.ALIGNED, **more: object) -> InboundMessage:
    return InboundMessage(
        endpoint="smtp:email:support@galim.example",
        provider_id="<1@example.com>",
        sender=Sender(address=mailto("dana@example.com")),
        text=words,
        verification=verification,
        **more,
    )


def facts(**more: object) -> Facts:
    return Facts(**({"now": NOW, "language": Language.HEBREW, "is_first_message": False} | more))


def case(*, person_spoke: bool = False, status: CaseStatus = CaseStatus.OPEN, **more: object) -> CaseFacts:
    return CaseFacts(
        **(
            {
                "case_id": 27,
                "number": public_number(27),
                "status": status,
                "topic": "other",
                "queue": "service",
                "severity": Severity.NORMAL,
                "person_spoke": person_spoke,
                "opened_at": NOW - timedelta(hours=1),
                "answer_due_at": NOW + timedelta(hours=2),
            }
            | more
        )
    )


def asked(kind: QuestionKind, *options: str | tuple[str, str], subject: str = "hours", **more: object) -> Question:
    """An open question; an option is its target, or its target and label."""
    pairs = [(option, option) if isinstance(option, str) else option for option in options]
    return Question(
        **(
            {
                "kind": kind,
                "subject": subject,
                "options": tuple(Option(target=target, label=label) for target, label in pairs),
                "expires_at": NOW + timedelta(hours=1),
            }
            | more
        )
    )


HELPFUL = asked(QuestionKind.HELPFUL, ("yes", "כן, תודה"), ("agent", "לא, נציג בבקשה"))
CHOICE = asked(QuestionKind.CHOICE, ("hours", "שעות פתיחה"), ("refund", "מתי מגיע החזר"), ("agent", "משהו אחר"))
SCORE = asked(QuestionKind.SURVEY, "1", "2", "3", "4", "5", subject="7:1")
FREE = asked(QuestionKind.SURVEY, subject="7:2")
STEP = asked(
    QuestionKind.FLOW,
    ("solved", "כן, הסתדר"),
    ("cable", "לא, עדיין איטי"),
    subject="slow_internet:restart",
    asked="האינטרנט איטי",
)


def on(message: InboundMessage | str, known: Facts | None = None, book: object = EMPTY) -> Decision:
    """Decide a message, by default with an empty knowledge base and nothing known."""
    return decide(text(message) if isinstance(message, str) else message, known or facts(), POLICY, book)


def sample_articles() -> tuple[Article, ...]:
    """The sample knowledge base as records."""
    entries = tomllib.loads((SAMPLE / "knowledge.toml").read_text("utf-8"))["article"]
    return tuple(
        Article(
            article_id=number,
            key=entry["key"],
            category=entry["category"],
            texts=tuple(
                ArticleText(
                    language=language,
                    title=entry[language]["title"],
                    answer=entry[language]["answer"],
                    variants=tuple(entry[language]["variants"]),
                )
                for language in (Language.HEBREW, Language.ENGLISH)
            ),
        )
        for number, entry in enumerate(entries, 1)
    )
