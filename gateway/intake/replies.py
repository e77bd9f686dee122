"""Turning the replies of a decision into drafts for the outbox: worded, cut to size, sent back the way it came."""

from collections.abc import Iterator

from gateway.domain.decision import Reply
from gateway.domain.messages import InboundMessage, Verification, answering
from gateway.domain.outbox import AUTHOR, Lane, OutgoingDraft, Route
from gateway.intake.arrival import Decided
from gateway.outbox.cutting import cut
from gateway.wording import Wording


def drafts(decided: Decided, wording: Wording) -> Iterator[OutgoingDraft]:
    """Write each reply of a decision as a draft on the channel and to the address the message came from."""
    for reply in decided.decision.replies:
        yield _draft(decided, reply, wording, _case_number(decided))


def _case_number(decided: Decided) -> str | None:
    """Give the number of the case a message belongs to."""
    if decided.opening:
        return decided.opening.number
    newest = decided.known.facts.newest_case
    return newest.number if newest and newest.case_id == decided.case_id else None


def _draft(decided: Decided, reply: Reply, wording: Wording, case_number: str | None) -> OutgoingDraft:
    arrival = decided.arrival
    values = dict(reply.values)
    if case_number is not None and "case_number" in wording.placeholders(reply.template):
        values.setdefault("case_number", case_number)
    rendered = wording.render(reply.template, reply.language, values, arrival.channel)
    route = Route(
        address_id=arrival.person.address_id,
        endpoint_id=arrival.endpoint_id,
        channel=arrival.channel,
        provider=arrival.message.endpoint.partition(":")[0],
    )
    return OutgoingDraft(
        contact_id=arrival.person.contact_id,
        conversation_id=arrival.person.conversation_id,
        route=route,
        author=AUTHOR,
        text=rendered.text,
        parts=cut(rendered.text, route, reply.choices),
        lane=Lane.REPLY,
        purpose=reply.purpose,
        subject=_subject(arrival.message, rendered.subject),
        template=reply.template,
        values=values,
        choices=reply.choices,
        question=decided.decision.question if reply.choices else None,
        case_id=decided.case_id,
        cause_message_id=decided.known.message_id,
        reply_to_message_id=decided.known.message_id,
    )


def _subject(message: InboundMessage, own: str) -> str:
    """Answer under the customer's own subject when somebody vouches for the sender; nobody else's words are echoed."""
    if message.verification is not Verification.ALIGNED:
        return own
    return answering(message.subject) or own
