"""Rule 1: what is not a person saying something new is kept in the thread and never answered."""

from gateway.domain.decision import Action, Decision, Reason
from gateway.domain.messages import MessageKind
from routing.situation import Situation

_SILENT_KINDS = {
    MessageKind.REACTION: "ignore.reaction",
    MessageKind.SYSTEM: "ignore.system",
    MessageKind.EDITED: "ignore.edited",
    MessageKind.DELETED: "ignore.deleted",
}


def ignore_what_no_person_said(situation: Situation) -> Decision | None:
    """Keep silent towards machines, and about reactions, edits and removals."""
    message = situation.message
    if message.automatic is not None:
        return ignore(f"ignore.{message.automatic}")
    code = _SILENT_KINDS.get(message.kind)
    return ignore(code) if code else None


def ignore(code: str, rule: int = 1) -> Decision:
    """Decide to do nothing, and leave an open question open."""
    return Decision(action=Action.IGNORE, rule=rule, reason=Reason(code=code), keep_question=True)
