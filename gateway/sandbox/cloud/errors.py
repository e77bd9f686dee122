"""The Cloud API's error codes: title, details and HTTP status of each, and which come late, as a failed status."""

import secrets
from dataclasses import dataclass

import orjson
from aiohttp import web


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """How Meta presents a code."""

    title: str
    details: str = ""
    status: int = 400
    is_late: bool = False


_WORDS: dict[int, Words] = {
    0: Words(title="AuthException", details="The app user could not be authenticated.", status=401),
    2: Words(title="API Service", details="Temporary downtime or overload.", status=503),
    3: Words(title="API Method", details="A capability or permission is missing.", status=500),
    4: Words(title="API Too Many Calls", details="The app reached its call rate limit.", status=429),
    10: Words(title="Permission Denied", details="The permission is not granted or was removed.", status=403),
    100: Words(title="Invalid parameter"),
    190: Words(title="Invalid OAuth access token - Cannot parse access token", status=401),
    368: Words(title="Temporarily blocked for policies violations", status=403),
    80007: Words(title="Rate limit issues", details="The business account reached its rate limit.", status=429),
    130429: Words(title="Rate limit hit", details="Cloud API message throughput has been reached.", status=429),
    130472: Words(title="User's number is part of an experiment", is_late=True),
    131000: Words(title="Something went wrong", details="The message could not be sent.", status=500),
    131005: Words(title="Access denied", status=403),
    131008: Words(title="Required parameter is missing"),
    131009: Words(title="Parameter value is not valid"),
    131016: Words(title="Service unavailable", status=503),
    131021: Words(title="Recipient cannot be sender"),
    131026: Words(title="Message undeliverable", details="Message Undeliverable.", is_late=True),
    131031: Words(title="Account has been locked", status=403),
    131042: Words(title="Business eligibility payment issue", is_late=True),
    131047: Words(
        title="Re-engagement message",
        details="More than 24 hours have passed since the customer last replied to this number.",
        is_late=True,
    ),
    131048: Words(title="Spam rate limit hit", is_late=True),
    131049: Words(title="Message not delivered to maintain healthy ecosystem engagement", is_late=True),
    131050: Words(title="User has stopped marketing messages from this business", is_late=True),
    131051: Words(title="Unsupported message type"),
    131052: Words(title="Media download error", is_late=True),
    131053: Words(title="Media upload error", is_late=True),
    131056: Words(title="(Business Account, Consumer Account) pair rate limit hit"),
    131057: Words(title="Account in maintenance mode", status=500),
    132000: Words(title="Number of parameters does not match the expected number of params"),
    132001: Words(title="Template name does not exist in the translation", status=404),
    132015: Words(title="Template is Paused"),
    132016: Words(title="Template is Disabled"),
    133016: Words(title="Account register deregister rate limit exceeded"),
}


def words(code: int) -> Words:
    """Say what a code means; an unknown one is a plain error of the request."""
    return _WORDS.get(code, Words(title=f"Error {code}"))


def error(code: int, details: str = "", *, subcode: int = 0, retry_after_seconds: float | None = None) -> web.Response:
    """Answer with a Graph API error."""
    known = words(code)
    body: dict[str, object] = {"message": f"(#{code}) {details if code == _INVALID and details else known.title}"}
    if code == _BAD_TOKEN:
        body["message"] = known.title
    body |= {"type": "OAuthException", "code": code}
    if subcode:
        body["error_subcode"] = subcode
    if details or known.details:
        body["error_data"] = {"messaging_product": "whatsapp", "details": details or known.details}
    body["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    headers = {"Retry-After": f"{retry_after_seconds:g}"} if retry_after_seconds is not None else {}
    return web.Response(
        status=known.status, body=orjson.dumps({"error": body}), content_type="application/json", headers=headers
    )


_INVALID, _BAD_TOKEN = 100, 190


def status_error(code: int) -> dict[str, object]:
    """Describe an error as it stands in a failed status or an unsupported message."""
    known = words(code)
    return {
        "code": code,
        "title": known.title,
        "message": known.title,
        "error_data": {"details": known.details or known.title},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
