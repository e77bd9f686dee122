"""Turning the replies of a decision into drafts for the outbox: worded, cut to size, sent back the way it came."""

from collections.abc import Iterator

from gateway.domain.arrival import Decided
from gateway.domain.channel import Channel
from gateway.domain.decision import Reply
from gateway.domain.delivery import Lane
from gateway.domain.outbound import OutgoingDraft, Route
from gateway.wording import Wording
from gateway.wording.splitting import split

AUTHOR = "gateway"

# Twilio refuses a body over 1600 characters (21617), WhatsApp a text over 4096; choices take room as numbered lines.
PART_LENGTH = {Channel.SMS: 1600, Channel.WHATSAPP: 4096}


def drafts(decided: Decided, wording: Wording, *, case_number: str | None) -> Iterator[OutgoingDraft]:
    """Write each reply of a decision as a draft on the channel and to the address the message came from."""
    for reply in decided.decision.replies:
        yield _draft(decided, reply, wording, case_number)


def _draft(decided: Decided, reply: Reply, wording: Wording, case_number: str | None) -> OutgoingDraft:
    arrival = decided.arrival
    values = dict(reply.values)
    if case_number is not None and "case_number" in wording.placeholders(reply.template):
        values.setdefault("case_number", case_number)
    rendered = wording.render(reply.template, reply.language, values, arrival.channel)
    return OutgoingDraft(
        contact_id=arrival.person.contact_id,
        conversation_id=arrival.person.conversation_id,
        route=Route(address_id=arrival.person.address_id, endpoint_id=arrival.endpoint_id, channel=arrival.channel),
        author=AUTHOR,
        text=rendered.text,
        parts=parts(rendered.text, arrival.channel),
        lane=Lane.REPLY,
        purpose=reply.purpose,
        subject=rendered.subject,
        template=reply.template,
        choices=reply.choices,
        question=decided.decision.question if reply.choices else None,
        case_id=decided.case_id,
        because_of=decided.known.message_id,
        answers_id=decided.known.message_id,
    )


def parts(text: str, channel: Channel) -> tuple[str, ...]:
    """Cut a text into pieces the channel takes, at sentence ends where it can."""
    limit = PART_LENGTH.get(channel)
    return split(text, limit) if limit and len(text) > limit else (text,)
