"""Cases: service calls inside a conversation that need a person."""

from datetime import datetime
from enum import IntEnum, StrEnum

from msgspec import Struct


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"


class Severity(IntEnum):
    """How urgent a case is; a lower number goes first."""

    CRITICAL = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4


class CaseDraft(Struct, frozen=True, kw_only=True):
    """A case that routing wants opened."""

    topic: str
    queue: str
    severity: Severity = Severity.NORMAL
    language: str = "he"
    answer_due_at: datetime | None = None


class CaseFacts(Struct, frozen=True, kw_only=True):
    """What routing needs to know of the newest case. `person_spoke` once an agent took or answered it."""

    case_id: int
    number: str
    status: CaseStatus
    topic: str
    queue: str
    severity: Severity
    assignee: str | None = None
    person_spoke: bool = False
    opened_at: datetime
    answer_due_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """True until the case is resolved."""
        return self.status is not CaseStatus.RESOLVED


def public_number(case_id: int) -> str:
    """Write the number a customer can quote: the id with a check digit (ISO 7064 MOD 11-10), such as `C-10427`.

    The check digit lets a mistyped number be told from someone else's.
    """
    digits = str(case_id + 1000)
    carry = 10
    for digit in digits:
        carry = (carry + int(digit)) % 10 or 10
        carry = carry * 2 % 11
    return f"C-{digits}{(11 - carry) % 10}"
