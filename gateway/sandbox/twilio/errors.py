"""Twilio's error codes: which HTTP status and words they come with, and which come late, as a failed status."""

import orjson
from aiohttp import web

_ERRORS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL(s)"),
    21656: (400, "The ContentVariables Parameter is invalid."),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
}
_LATE: dict[int, str] = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    63016: "Failed to send freeform message because you are outside the allowed window.",
    63024: "Invalid message recipient",
}
_LATE_RANGES = (range(30000, 31000), range(63000, 64000))


def is_late(code: int) -> bool:
    """Twilio accepts the message first and reports this code with the status `failed` or `undelivered`."""
    return code not in _ERRORS and any(code in late for late in _LATE_RANGES)


def words(code: int) -> str:
    """Say what a code means, as Twilio words it."""
    return _LATE.get(code) or _ERRORS.get(code, (400, f"Error {code}"))[1]


def error(code: int, detail: str = "", *, retry_after_seconds: float | None = None) -> web.Response:
    """Answer with a Twilio error; `detail` replaces the usual words."""
    status, message = _ERRORS.get(code, (400, f"Error {code}"))
    body = {
        "code": code,
        "message": detail or message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {"Retry-After": f"{retry_after_seconds:g}"} if retry_after_seconds is not None else {}
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)
