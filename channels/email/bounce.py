"""Mail about mail: bounces (RFC 3464), complaints (RFC 5965), notices of Amazon SES, and notices in plain words.

One outcome for every recipient. Whether the mail was ours is decided later, by its Message-ID: anyone can write a
bounce.
"""

import json
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from channels.email import addresses, bounce_text, headers, html
from channels.email.bounce_reason import UNKNOWN, codes_in, meaning_of, status_code
from channels.email.mime import Fields, Mail, fields_of
from gateway.domain.people import Address, mailto

_DAEMONS = re.compile(
    r"^(mailer-?daemon|p?o+stmaster|mail-?daemon|mdaemon|mail\.?delivery.*|delivery-?daemon|bounces?|"
    r"mailsystem|no-?reply)$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|deliver(?:y|ed)?[^\n]{0,30}(?:fail|status|report|notif|delay|problem|error|unsuccess)|"
    r"returned (?:mail|e-?mail|to sender|message)|(?:failure|bounce|error|failed|delayed|"
    r"warning)[^\n]{0,20}(?:notice|mail|delivery|message|send)|"
    r"(?:mail|message)[^\n]{0,30}(?:not|n't|fail|error|delay|return|bounce)|(?:could|can)(?:n't|"
    r" not) (?:be )?(?:deliver|send|sent)|non recapit|unzustellbar|zustell|non remis|échec|no se (?:pudo|"
    r"puede) entregar|devuelto|"
    r"postmaster notify|недоставлен|не доставлено|לא נמסר|לא ניתן למסור|נכשלה|כשל במסירה|配信|送信|失败|退信",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{2,60})[ \t]*:[ \t]*(.*)$")
_TYPED = re.compile(r"^\s*[\w-]+\s*;\s*")
# A server that took the recipient and refuses after the content filters by content, whatever it says of the user.
_AFTER_DATA = re.compile(
    r"end of data|data command|^\W*>>> (?:DATA|\.)\s*\n\W*<<< (?!503|354)[45]\d\d[^\n]*(?:user|mailbox)",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_FAILED = frozenset({"delivered", "relayed", "expanded"})
_RETURNED = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/partial",
    }
)
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})


class BounceRecipient(Struct, frozen=True, kw_only=True):
    """What a report says became of one recipient of one mail. `dsn` is an enhanced status code (RFC 3463)."""

    address: Address | None
    original_id: str | None = None
    dsn: str | None = None
    is_hard: bool = False
    is_complaint: bool = False
    was_delivered: bool = False
    reason: str = ""


def read(mail: Mail, *, null_sender: bool) -> tuple[BounceRecipient, ...]:
    """List what a mail reports about mail of ours; empty when it is no report."""
    feedback = mail.first("message/feedback-report")
    if feedback is not None and (mail.report_type == "feedback-report" or null_sender or _is_daemon(mail)):
        return (_complaint(mail, _fields(feedback.text())),)
    notification = _ses(mail)
    if notification:
        return notification
    is_system = null_sender or _is_daemon(mail) or bool(mail.fields.all("x-failed-recipients"))
    if not (is_system or mail.report_type == "delivery-status"):
        return ()
    groups = [group for leaf in mail.leaves if leaf.media_type in _REPORTS for group in _groups(leaf.text())]
    if not groups:
        groups = [group for group in _groups("\n\n".join(_notice(mail))) if "final-recipient" in group]
    reported = tuple(outcome for outcome in (_reported(mail, group) for group in groups) if outcome)
    return reported or _worded(mail)


def _is_daemon(mail: Mail) -> bool:
    value = " ".join(mail.fields.all("from"))
    sender = addresses.single(headers.unfold(value))
    local = sender.address.partition("@")[0] if sender else value.partition("@")[0].rpartition("<")[2].strip()
    is_named = bool(
        re.search(
            r"mail delivery|mailer-daemon|system administrator|postmaster|delivery subsystem", value, re.IGNORECASE
        )
    )
    return bool(_DAEMONS.match(local)) or is_named


def _returned(mail: Mail) -> Fields:
    """Give the header of the mail that came back."""
    leaf = next((leaf for leaf in mail.leaves if leaf.media_type in _RETURNED), None)
    if leaf is not None:
        return fields_of(leaf.content.lstrip())
    copy = _notice(mail)[1]
    return fields_of(copy.lstrip().encode("utf-8", "replace")) if copy else Fields()


def _original_id(mail: Mail, returned: Fields) -> str | None:
    named = [value for name in ("x-original-message-id", "original-message-id") for value in mail.fields.all(name)]
    found = headers.message_ids(returned.all("message-id") or named)
    if found:
        return found[0]
    in_text = re.search(
        r"^\s*(?:original-)?message-id\s*:\s*(<[^<>\s]+>)", _notice(mail)[0], re.IGNORECASE | re.MULTILINE
    )
    replied = headers.message_ids(
        [in_text[1]] if in_text else mail.fields.all("in-reply-to") or mail.fields.all("references")[-1:]
    )
    return replied[0] if replied else None


def _notice(mail: Mail) -> tuple[str, str]:
    """Give the words of a report for people, and the copy of the returned mail that may stand below them."""
    texts = [leaf for leaf in mail.leaves if leaf.media_type in {"text/plain", "text/html"}]
    plain = [leaf for leaf in texts if leaf.media_type == "text/plain" and leaf.content.strip()]
    chosen = (plain or texts)[:1]
    text = "".join(leaf.text() if leaf.media_type == "text/plain" else html.to_text(leaf.text()) for leaf in chosen)
    return bounce_text.split_copy(text)


def _fields(block: str) -> dict[str, str]:
    """Read one block of fields; a line that is none continues the one before, as some servers forget to indent."""
    found: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        match = None if line[:1] in {" ", "\t"} else _FIELD.match(line)
        if match:
            name = match[1].lower()
            if name in found:
                continue
            found[name] = match[2].strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def _groups(text: str) -> Iterator[dict[str, str]]:
    """Give the per-recipient groups of a delivery status (RFC 3464 §2.3)."""
    for block in re.split(r"\n[ \t]*\n", text.strip()):
        group = _fields(block)
        if {"final-recipient", "original-recipient", "x-actual-recipient"} & group.keys():
            yield group


def _reported(mail: Mail, group: dict[str, str]) -> BounceRecipient | None:
    action = group.get("action", "failed").split()[0:1]
    word = action[0].lower().strip(";,.") if action else "failed"
    status = re.search(r"[245]\.\d{1,3}\.\d{1,3}", group.get("status", ""))
    stated = status[0] if status else None
    returned = _returned(mail)
    address = _recipient(group)
    if word in _NOT_FAILED and not (stated and stated[0] in "45"):
        return BounceRecipient(
            address=address, original_id=_original_id(mail, returned), dsn=stated, was_delivered=word == "delivered"
        )
    diagnostic = _TYPED.sub("", group.get("diagnostic-code", ""))
    words = diagnostic
    own_words = _own_words(mail, address)
    if not diagnostic or meaning_of(diagnostic, None) is UNKNOWN or _AFTER_DATA.search(own_words):
        words = f"{diagnostic}\n{own_words}"
    return _judge(
        mail, returned, address, words=words, shown=diagnostic or words, stated=stated, is_temporary=word == "delayed"
    )


def _own_words(mail: Mail, address: Address | None) -> str:
    named = bounce_text.failed_recipients(
        _notice(mail)[0], ours=_ours(mail), stated=(address.value,) if address else ()
    )
    return named[0].diagnostic if named else _notice(mail)[0]


def _recipient(group: dict[str, str]) -> Address | None:
    """Give the address that was written to: the original recipient where forwarding changed it."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        match = re.search(r"[^\s<>;\"']+@[^\s<>;\"']+", _TYPED.sub("", group.get(name, "")))
        found = addresses.mailbox(match[0]) if match else None
        if found:
            return mailto(found)
    return None


def _judge(
    mail: Mail,
    returned: Fields,
    address: Address | None,
    *,
    words: str,
    shown: str,
    stated: str | None,
    is_temporary: bool,
) -> BounceRecipient:
    dsn = status_code(stated, words, is_temporary=is_temporary)
    meaning = meaning_of(words, dsn)
    is_permanent = not is_temporary and (dsn[0] == "5" or dsn.startswith("4.1."))
    gone = meaning.nobody_there and is_permanent and not _AFTER_DATA.search(words)
    detail = re.sub(r"\s+", " ", shown).strip()[:300]
    reason = f"{meaning.sentence} {detail}".strip()
    return BounceRecipient(
        address=address, original_id=_original_id(mail, returned), dsn=dsn, is_hard=gone, reason=reason
    )


def _ours(mail: Mail) -> list[str]:
    """Addresses that a report mentions without blaming them: who gets it and who sends it."""
    values = [value for name in ("to", "from") for value in mail.fields.all(name)]
    return re.findall(r"[^\s<>;,\"'()]+@[^\s<>;,\"'()]+", " ".join(values))


def _worded(mail: Mail) -> tuple[BounceRecipient, ...]:
    """Read a notice that only has words; none when nothing in it says that a mail failed."""
    notice, _ = _notice(mail)
    returned = _returned(mail)
    stated = tuple(
        dict.fromkeys(filter(None, map(addresses.mailbox, ",".join(mail.fields.all("x-failed-recipients")).split(","))))
    )
    says_failed = (
        bool(_SUBJECT.search(mail.fields.text("subject"))) or bool(stated) or mail.report_type == "delivery-status"
    )
    if not says_failed:
        return ()
    to = {found.lower() for found in re.findall(r"[^\s<>;,\"'()]+@[^\s<>;,\"'()]+", " ".join(returned.all("to")))}
    ours = [address for address in _ours(mail) if address.lower() not in to]
    named = bounce_text.failed_recipients(notice, ours=ours, stated=stated)
    is_temporary = bool(
        re.search(
            r"\bdelay(?:ed)?\b|warning message only|will be retried|still being retried",
            f"{mail.fields.text('subject')}\n{notice}",
            re.IGNORECASE,
        )
    )
    if named:
        return tuple(
            _judge(
                mail,
                returned,
                mailto(one.address),
                words=one.diagnostic,
                shown=_telling(one.diagnostic),
                stated=None,
                is_temporary=is_temporary,
            )
            for one in named
        )
    found = [mailbox for mailbox in map(addresses.mailbox, sorted(to)) if mailbox]
    address = mailto(found[0]) if len(found) == 1 else None
    return (
        _judge(mail, returned, address, words=notice, shown=_telling(notice), stated=None, is_temporary=is_temporary),
    )


def _telling(diagnostic: str) -> str:
    """Give the line of a notice that says most: the one with a code, else the last."""
    lines = [line.strip() for line in diagnostic.split("\n") if line.strip()]
    coded = [line for line in lines if any(codes_in(line))]
    return (coded or lines[-1:] or [""])[0]


def _complaint(mail: Mail, report: dict[str, str]) -> BounceRecipient:
    returned = _returned(mail)
    candidates = [report.get("original-rcpt-to", ""), report.get("removal-recipient", ""), " ".join(returned.all("to"))]
    found = next(
        (found for found in (re.search(r"[^\s<>;,\"']+@[^\s<>;,\"']+", text) for text in candidates) if found), None
    )
    address = addresses.mailbox(found[0]) if found else None
    return BounceRecipient(
        address=mailto(address) if address else None,
        original_id=_original_id(mail, returned),
        is_complaint=True,
        reason=f"The recipient reported the message ({report.get('feedback-type', 'abuse')}).",
    )


def _ses(mail: Mail) -> tuple[BounceRecipient, ...]:
    """Amazon SES notices that its topic mails as JSON; other mail gives none."""
    leaf = mail.first("text/plain")
    if leaf is None or not mail.fields.all("x-amz-sns-message-id"):
        return ()
    # The topic's mailer breaks long lines in the middle, marking the break with an exclamation mark.
    text = re.sub(r"!\n ?", "", leaf.text()).strip()
    try:
        outer, _ = json.JSONDecoder(strict=False).raw_decode(text)
        notice = json.loads(outer["Message"], strict=False) if isinstance(outer.get("Message"), str) else outer
        return tuple(_ses_outcomes(notice))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _ses_outcomes(notice: dict[str, dict[str, object]]) -> Iterator[BounceRecipient]:
    kind = str(notice.get("notificationType") or notice.get("eventType") or "").lower()
    sent = notice["mail"]
    common = sent.get("commonHeaders")
    original = str(common.get("messageId") or "") if isinstance(common, dict) else ""
    ids = headers.message_ids([original]) or (str(sent.get("messageId") or ""),)
    lists = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}
    body = notice.get(kind, {})
    recipients = body.get(lists.get(kind, ""), [])
    for recipient in recipients if isinstance(recipients, Sequence) else ():
        record = recipient if isinstance(recipient, dict) else {"emailAddress": str(recipient)}
        address = addresses.mailbox(str(record.get("emailAddress", "")))
        diagnostic = _TYPED.sub("", str(record.get("diagnosticCode") or body.get("smtpResponse") or ""))
        stated = str(record["status"]) if record.get("status") else None
        permanent = str(body.get("bounceType", "")).lower() == "permanent"
        meaning = meaning_of(diagnostic, stated)
        yield BounceRecipient(
            address=mailto(address) if address else None,
            original_id=ids[0] or None,
            dsn=status_code(stated, diagnostic, is_temporary=not permanent)
            if kind == "bounce"
            else _delivered_code(diagnostic),
            is_hard=kind == "bounce" and permanent and (meaning.nobody_there or not diagnostic),
            is_complaint=kind == "complaint",
            was_delivered=kind == "delivery",
            reason=f"{meaning.sentence} {diagnostic}".strip() if kind == "bounce" else diagnostic,
        )


def _delivered_code(diagnostic: str) -> str | None:
    found = re.search(r"\b2\.\d{1,3}\.\d{1,3}\b", diagnostic)
    return found[0] if found else None
