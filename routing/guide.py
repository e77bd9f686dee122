"""Rule 6: starting a guided flow and going from step to step."""

from gateway.domain.decision import Action, Decision, Reason
from gateway.domain.dialogue import Option, QuestionKind
from routing.answers import open_question, picked
from routing.flows import FLOWS
from routing.flows.flow import SOLVED, Flow, Step
from routing.person import to_person
from routing.replies import asking, question, reply
from routing.situation import Situation


def guide(situation: Situation) -> Decision | None:
    """Take the next step of the open flow, or start the flow that fits what the customer describes."""
    if not situation.may_speak:
        return None
    waiting = open_question(situation)
    if waiting is not None and waiting.kind is QuestionKind.FLOW:
        option = picked(situation, waiting)
        flow = FLOWS.get(waiting.subject.partition(":")[0])
        if option is not None and flow is not None:
            return _go_on(situation, flow, option, waiting.asked)
    return _start(situation)


def _start(situation: Situation) -> Decision | None:
    words = set(situation.words)
    for flow in FLOWS.values():
        if any(not any(words.isdisjoint(group) for group in trigger) for trigger in flow.triggers):
            return _ask(situation, flow, flow.steps[0], "flow.started", situation.asked)
    return None


def _go_on(situation: Situation, flow: Flow, option: Option, asked: str) -> Decision | None:
    if option.target == SOLVED:
        done = reply(situation, "flow.solved")
        reason = Reason(code="flow.solved", details={"flow": flow.key})
        return Decision(action=Action.FLOW_STEP, rule=6, reason=reason, replies=(done,))
    step = flow.step(option.target)
    if step is None:
        return to_person(situation, Reason(code="flow.not_solved", details={"subject": flow.key}), rule=6)
    return _ask(situation, flow, step, "flow.step", asked)


def _ask(situation: Situation, flow: Flow, step: Step, code: str, asked: str) -> Decision:
    options = tuple(Option(target=way.target, label=way.labels[situation.language]) for way in step.options)
    return Decision(
        action=Action.FLOW_STEP,
        rule=6,
        reason=Reason(code=code, details={"flow": flow.key, "step": step.key}),
        replies=(asking(situation, f"flow.{flow.key}.{step.key}", options),),
        question=question(situation, QuestionKind.FLOW, f"{flow.key}:{step.key}", options, asked=asked),
    )
