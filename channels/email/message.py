"""From one raw mail to events: a customer's message, or what happened to mail of ours.

Pure; limits are checked first.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from channels.contract import Request
from channels.email import addresses, automatic, bounce, folding, headers, html, limits, mailboxes, mime
from channels.email.mime import Leaf, Mail
from gateway.domain.account import MailAccount
from gateway.domain.messages import (
    Attachment,
    Automatic,
    BounceReport,
    Event,
    InboundMessage,
    MessageKind,
    ReplyContext,
    Sender,
    StatusUpdate,
    Verification,
)
from gateway.domain.outbox import Status
from gateway.domain.people import mailto

VERIFICATION = "verification"  # the pseudo-header in which the edge hands over its verdict on the sender
NOBODY = "unknown@invalid"
_ANY_ADDRESS = re.compile(r"[^\s<>;,\"'()\[\]]+@[^\s<>;,\"'()\[\]]+")
_MAX_SUBJECT = 998
_CLOCK_SKEW = timedelta(minutes=5)


def read(request: Request, account: MailAccount) -> tuple[Event, ...]:
    """Read one mail: a message, or one event for every recipient a report speaks of."""
    too_much = limits.breach(request.body)
    if too_much:
        return (unparsable(request, account, because=too_much),)
    mail = mime.read(request.body)
    null_sender = _has_null_sender(request, mail)
    outcomes = bounce.read(mail, null_sender=null_sender)
    if outcomes:
        return tuple(_outcome_event(request, account, mail, outcome, index) for index, outcome in enumerate(outcomes))
    return (_message(request, account, mail, null_sender=null_sender),)


def unparsable(request: Request, account: MailAccount, *, because: str) -> InboundMessage:
    """Stand in for a mail that must not or cannot be parsed: an agent sees that it came, and the raw bytes are kept."""
    target = _target(request, account, ())
    sender = addresses.mailbox(request.headers.get("mail-from", "")) or NOBODY
    return InboundMessage(
        endpoint=target.endpoint,
        provider_id=_digest(request.body),
        occurred_at=request.received_at,
        raw={"unparsable": because, "size_bytes": len(request.body)},
        sender=Sender(address=mailto(sender)),
        to=target.mailbox,
        kind=MessageKind.UNSUPPORTED,
        text="",
        verification=Verification.NONE,
        context=ReplyContext(conversation_id=target.conversation_id),
    )


def _has_null_sender(request: Request, mail: Mail) -> bool:
    """Give the envelope's sender when there is an envelope, else what the last server wrote down of it."""
    if "mail-from" in request.headers:
        return request.headers["mail-from"].strip("<> ") == ""
    return any(value.strip() in {"<>", ""} for value in mail.fields.all("return-path")[:1])


def _digest(raw: bytes) -> str:
    return f"sha256.{hashlib.sha256(raw).hexdigest()}@raw.invalid"


def _target(request: Request, account: MailAccount, named: Sequence[str]) -> mailboxes.Target:
    candidates = [candidate for candidate in (request.target, *named) if candidate]
    found = mailboxes.best(account, candidates, now=request.received_at)
    if found:
        return found
    first = account.endpoints[0].address.lower() if account.endpoints else NOBODY
    return mailboxes.Target(mailbox=first)


def _named_recipients(mail: Mail) -> list[str]:
    names = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
    return [found for name in names for value in mail.fields.all(name) for found in _ANY_ADDRESS.findall(value)][:200]


def _provider_id(request: Request, mail: Mail) -> str:
    found = headers.message_ids(mail.fields.all("message-id"))
    return found[0] if found else _digest(request.body)


def _occurred_at(request: Request, mail: Mail) -> datetime:
    """When the sender says it was written, never later than it came in."""
    said = next((moment for moment in map(headers.sent_at, mail.fields.all("date")) if moment), None)
    return said if said and said <= request.received_at + _CLOCK_SKEW else request.received_at


def _outcome_event(
    request: Request, account: MailAccount, mail: Mail, outcome: bounce.BounceRecipient, index: int
) -> Event:
    suffix = f"#{index}" if index else ""
    endpoint = _target(request, account, _named_recipients(mail)).endpoint
    provider_id = _provider_id(request, mail) + suffix
    occurred_at = _occurred_at(request, mail)
    if outcome.was_delivered:
        ids = (outcome.original_id,) if outcome.original_id else ()
        return StatusUpdate(
            endpoint=endpoint,
            provider_id=outcome.original_id or provider_id,
            occurred_at=occurred_at,
            status=Status.DELIVERED,
            delivery_id=automatic.our_delivery(account, ids),
            recipient=outcome.address,
            reason=outcome.reason or None,
            raw={"dsn": outcome.dsn} if outcome.dsn else {},
        )
    return BounceReport(
        endpoint=endpoint,
        provider_id=provider_id,
        occurred_at=occurred_at,
        failed_address=outcome.address,
        original_provider_id=outcome.original_id,
        dsn=outcome.dsn,
        hard=outcome.is_hard,
        complaint=outcome.is_complaint,
        reason=headers.clean(outcome.reason),
    )


def _message(request: Request, account: MailAccount, mail: Mail, *, null_sender: bool) -> InboundMessage:
    target = _target(request, account, _named_recipients(mail))
    sender = addresses.only_sender(mail.fields.all("from"))
    marked, page = _text_and_html(mail)
    folded = folding.fold(marked)
    attachments = tuple(_attachment(leaf, index) for index, leaf in enumerate(_files(mail, marked, page)))
    return InboundMessage(
        endpoint=target.endpoint,
        provider_id=_provider_id(request, mail),
        occurred_at=_occurred_at(request, mail),
        raw=_unmodelled(mail, folded),
        sender=Sender(
            address=mailto(sender.address if sender else _fallback_sender(request)), name=sender.name if sender else ""
        ),
        to=target.mailbox,
        kind=_kind(folded.reply, attachments),
        text=folded.reply,
        full_text=folding.unmarked(marked),
        html=page,
        subject=mail.fields.text("subject")[:_MAX_SUBJECT],
        attachments=attachments,
        context=_context(mail, target),
        verification=_verification(request, is_clear=sender is not None),
        automatic=_automatic(mail, account, sender.address if sender else "", null_sender=null_sender),
    )


def _fallback_sender(request: Request) -> str:
    return addresses.mailbox(request.headers.get("mail-from", "")) or NOBODY


def _automatic(mail: Mail, account: MailAccount, sender: str, *, null_sender: bool) -> Automatic | None:
    return automatic.kind(mail.fields, account, sender=sender, null_sender=null_sender)


def _verification(request: Request, *, is_clear: bool) -> Verification:
    """Give the edge's verdict; a mail whose sender can be read in two ways is never aligned."""
    verdict = Verification(request.headers.get(VERIFICATION, Verification.NONE))
    return Verification.UNALIGNED if verdict is Verification.ALIGNED and not is_clear else verdict


def _context(mail: Mail, target: mailboxes.Target) -> ReplyContext:
    answered = headers.message_ids(mail.fields.all("in-reply-to"))
    ancestors = headers.message_ids(mail.fields.all("references"))
    ids = tuple(dict.fromkeys((*answered, *reversed(ancestors))))[: headers.MAX_IDS]
    return ReplyContext(provider_ids=ids, conversation_id=target.conversation_id)


def _unmodelled(mail: Mail, folded: folding.Folded) -> dict[str, object]:
    """Say what an agent or operator may want to see and no field holds."""
    shown = {name: mail.fields.text(name) for name in ("from", "to", "cc", "reply-to", "date") if mail.fields.all(name)}
    return {
        "headers": shown,
        "signature": folded.signature,
        "references": list(headers.message_ids(mail.fields.all("references"))),
    }


def _kind(text: str, attachments: tuple[Attachment, ...]) -> MessageKind:
    if text or not attachments:
        return MessageKind.TEXT
    main = attachments[0].media_type.partition("/")[0]
    return MessageKind(main) if main in {"image", "video", "audio"} else MessageKind.DOCUMENT


def _text_and_html(mail: Mail) -> tuple[str, str]:
    """Give the words of a mail with the marks of `html.to_text`, and its HTML.

    Bodies are the leaves that are no attachments, one per multipart/alternative: its plain text where that has words,
    else its HTML; several bodies (a footer by a list, text around pictures) are put one under the other.
    """
    bodies = [leaf for leaf in mail.leaves if leaf.media_type in {"text/plain", "text/html"} and not leaf.is_attachment]
    pages = [leaf.text() for leaf in bodies if leaf.media_type == "text/html"]
    pieces: list[str] = []
    done: set[int] = set()
    for leaf in bodies:
        if leaf.alternative in done:
            continue
        group = [other for other in bodies if other.alternative == leaf.alternative] if leaf.alternative else [leaf]
        done |= {leaf.alternative} - {0}
        pieces.append(_words(group))
    return "\n\n".join(piece for piece in pieces if piece.strip()), "\n".join(pages)


def _words(group: Sequence[Leaf]) -> str:
    plain = "\n".join(_plain(leaf) for leaf in group if leaf.media_type == "text/plain").strip("\n")
    if plain.strip():
        return plain
    return "\n\n".join(html.to_text(leaf.text()) for leaf in group if leaf.media_type == "text/html")


def _plain(leaf: Leaf) -> str:
    """Plain text without our marks, which only HTML may have; text that is HTML under the wrong label is rendered."""
    text = leaf.text().replace(html.CUT, "").replace(html.ATTRIBUTION, "")
    return html.to_text(text) if re.match(r"\s*(<!doctype html|<html[\s>])", text, re.IGNORECASE) else text


def _files(mail: Mail, marked: str, page: str) -> list[Leaf]:
    """Everything that is not shown as text: attachments, inline pictures, returned mails, calendars, signatures."""
    shown = {"text/plain", "text/html"} if marked or page else set[str]()
    return [leaf for leaf in mail.leaves if leaf.content and (leaf.is_attachment or leaf.media_type not in shown)]


_EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "application/ms-tnef": ".dat",
    "text/rfc822-headers": ".txt",
}


def _attachment(leaf: Leaf, index: int) -> Attachment:
    return Attachment(
        filename=leaf.filename or f"part-{index + 1}{_EXTENSIONS.get(leaf.media_type, '')}",
        media_type=leaf.media_type,
        size_bytes=len(leaf.content),
        sha256=hashlib.sha256(leaf.content).hexdigest(),
        content=leaf.content,
        content_id=leaf.content_id or None,
    )
