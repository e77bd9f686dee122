"""The few records kept as jsonb documents, to and from JSON values; everything else is columns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.dialogue import Option, Question, QuestionKind


def from_question(question: Question | None) -> dict[str, object] | None:
    """Write an open question as a JSON value."""
    if question is None:
        return None
    return {
        "kind": question.kind,
        "subject": question.subject,
        "options": [[option.target, option.label] for option in question.options],
        "expires_at": question.expires_at.isoformat(),
        "asked": question.asked,
    }


def to_question(document: Mapping[str, Any] | None) -> Question | None:
    """Read an open question back from its JSON value."""
    if document is None:
        return None
    return Question(
        kind=QuestionKind(document["kind"]),
        subject=document["subject"],
        options=tuple(Option(target=target, label=label) for target, label in document["options"]),
        expires_at=datetime.fromisoformat(document["expires_at"]),
        asked=document["asked"],
    )
