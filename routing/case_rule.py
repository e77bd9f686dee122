"""Rule 10: what nothing else settled becomes a case, or joins the open one."""

from gateway.domain.decision import Action, Decision, Reason
from routing.cases import draft_case
from routing.replies import acknowledgement
from routing.situation import Situation


def open_case(situation: Situation) -> Decision:
    """Open a case for a person, or add to the open one; silently where nothing may be said."""
    if situation.silence is not None:
        return bring_in_case(situation, situation.silence)
    if not situation.words:
        return bring_in_case(situation, Reason(code="case.wordless", details={"kind": situation.message.kind}))
    return bring_in_case(situation, Reason(code="case.not_known"))


def bring_in_case(situation: Situation, reason: Reason) -> Decision:
    """Open a case for this reason. An open one takes the message, and is opened no second time."""
    draft = draft_case(situation)
    case = situation.open_case
    if case is not None:
        return Decision(
            action=Action.APPEND,
            rule=10,
            reason=Reason(code="case.added", details={"number": case.number}) if situation.may_speak else reason,
            case=draft if draft.severity < case.severity else None,
            replies=acknowledgement(situation, "case.added", draft),
        )
    return Decision(
        action=Action.OPEN_CASE,
        rule=10,
        reason=reason,
        case=draft,
        replies=acknowledgement(situation, "case.opened", draft),
    )
