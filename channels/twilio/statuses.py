"""What Twilio says became of our messages, as our events; our delivery's id travels in the callback's URL. Pure."""

from urllib.parse import parse_qs, urlsplit, urlunsplit

from channels.cleaning import displayable
from channels.failures import by_code, by_status
from channels.twilio import codes
from channels.twilio.fields import Fields, OurNumbers, addresses_of, endpoint_of, left_over, unknown
from gateway.domain.ids import bigint_of
from gateway.domain.messages import Event, StatusUpdate
from gateway.domain.outbox import Status


def read_status(fields: Fields, target: str, numbers: OurNumbers) -> Event:
    """Read one status callback; `target` is the path and query it came to."""
    word = fields.get("MessageStatus") or fields.get("SmsStatus", "")
    status = codes.STATUSES.get(word)
    if status is None:
        return unknown(fields, numbers, f"Twilio reported a status not known here: {displayable(word)[:40]}")
    code = displayable(fields.get("ErrorCode", ""))
    code = "" if code == "0" else code
    failure = by_code(codes.ERRORS, code)
    said = displayable(fields.get("ErrorMessage") or fields.get("ChannelStatusMessage", ""))
    fallback = by_status(0, said).reason if status is Status.FAILED else said
    people = addresses_of(fields.get("To", ""))
    return StatusUpdate(
        endpoint=endpoint_of(fields, numbers),
        provider_id=displayable(fields.get("MessageSid") or fields["SmsSid"]),
        raw=left_over(fields),
        status=status,
        delivery_id=delivery_id(target),
        recipient=people[0] if people else None,
        error_code=code or None,
        reason=(failure.reason if failure else fallback) or None,
        unreachable=failure is not None and failure.kind.unreachable,
        opted_out=failure is not None and failure.kind.opted_out,
    )


def callback_url(base: str, delivery: int) -> str:
    """Write the URL Twilio shall report to: ours, with our delivery's id in its query; "" stays "" (no callback)."""
    if not base:
        return ""
    parts = urlsplit(base)
    query = f"{parts.query}&delivery={delivery}" if parts.query else f"delivery={delivery}"
    return urlunsplit(parts._replace(query=query))


def delivery_id(target: str) -> int | None:
    """Read our own id back from the callback's query; None when it is not there, or is no id."""
    _, _, query = target.partition("?")
    if "delivery=" not in query:
        return None
    text = parse_qs(query, errors="replace").get("delivery", [""])[0]
    return bigint_of(text) or None
