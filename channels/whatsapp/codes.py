"""Meta's words in ours: message types, statuses and error codes. Data only.

Source: Meta's Cloud API reference (webhooks and error codes). One error comes with
HTTP 400 here and 403 there, so that the code alone decides.
"""

from channels.errors import (
    AccountBlocked,
    BadAddress,
    Rejected,
    TemplateRefused,
    Throttled,
    Unavailable,
    Undeliverable,
    WindowClosed,
)
from channels.failures import Failure
from gateway.domain.messages import ConsentWish, MessageKind
from gateway.domain.outbox import Status

STATUSES = {
    "accepted": Status.SENT,
    "held_for_quality_assessment": Status.SENT,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,
    "failed": Status.FAILED,
}

MESSAGE_TYPES = {
    "text": MessageKind.TEXT,
    "image": MessageKind.IMAGE,
    "video": MessageKind.VIDEO,
    "audio": MessageKind.AUDIO,
    "voice": MessageKind.AUDIO,
    "document": MessageKind.DOCUMENT,
    "sticker": MessageKind.STICKER,
    "location": MessageKind.LOCATION,
    "contacts": MessageKind.CONTACTS,
    "reaction": MessageKind.REACTION,
    "button": MessageKind.CHOICE,
    "order": MessageKind.ORDER,
    "system": MessageKind.SYSTEM,
    "edit": MessageKind.EDITED,
    "revoke": MessageKind.DELETED,
    "delete": MessageKind.DELETED,
}

INTERACTIVE_TYPES = {
    "button_reply": MessageKind.CHOICE,
    "list_reply": MessageKind.CHOICE,
    "nfm_reply": MessageKind.FORM,
}

PREFERENCES = {
    "stop": ConsentWish.STOP_MARKETING,
    "resume": ConsentWish.START_MARKETING,
    "start": ConsentWish.START_MARKETING,
}

MARKETING_STOPPED = "131050"

_BUSY = Failure(Throttled, "WhatsApp is passing on as many of our messages as it may; more can go a little later.")
_PASSING = Failure(Unavailable, "WhatsApp had a passing problem.")
_WITHHELD = Failure(Undeliverable, "WhatsApp holds this kind of message back from this person for now.")
_MALFORMED = Failure(Rejected, "WhatsApp could not make sense of the message.")
_TEMPLATE = Failure(TemplateRefused, "WhatsApp does not accept this template or its values.")
_CREDENTIALS = Failure(AccountBlocked, "WhatsApp does not accept our account or its credentials.")
_LOCKED = Failure(AccountBlocked, "WhatsApp stopped our account for breaking its rules.")
_BILLING = Failure(AccountBlocked, "WhatsApp cannot bill our account.")

ERRORS: dict[int, Failure] = {
    **dict.fromkeys(range(200, 300), _CREDENTIALS),
    0: _CREDENTIALS,
    1: _PASSING,
    2: _PASSING,
    3: _CREDENTIALS,
    4: _BUSY,
    10: _CREDENTIALS,
    100: _MALFORMED,
    190: _CREDENTIALS,
    368: _LOCKED,
    613: _BUSY,
    33: Failure(AccountBlocked, "Our WhatsApp number does not exist at Meta."),
    80007: _BUSY,
    130429: _BUSY,
    130472: _WITHHELD,
    130497: Failure(Undeliverable, "WhatsApp does not let us write to people in this country."),
    131000: _PASSING,
    131005: _CREDENTIALS,
    131008: _MALFORMED,
    131009: _MALFORMED,
    131016: _PASSING,
    131021: Failure(Rejected, "A number cannot write to itself."),
    131026: Failure(BadAddress, "WhatsApp cannot reach anybody at this number."),
    131030: Failure(Undeliverable, "This number is not among those our test account may write to."),
    131031: _LOCKED,
    131037: Failure(AccountBlocked, "Our WhatsApp number has no approved display name."),
    131042: _BILLING,
    131045: Failure(AccountBlocked, "Our WhatsApp number is not registered."),
    131047: Failure(WindowClosed, "More than 24 hours passed since this person wrote; only a template may be sent."),
    131048: Failure(Throttled, "WhatsApp slows us down because people called our messages spam.", wait_seconds=3600),
    131049: _WITHHELD,
    131050: Failure(Undeliverable, "This person told WhatsApp that they want no marketing messages from us."),
    131051: Failure(Rejected, "WhatsApp does not know this kind of message."),
    131052: Failure(Rejected, "WhatsApp could not download the file the customer sent."),
    131053: Failure(Unavailable, "WhatsApp could not fetch the file."),
    131056: Failure(Throttled, "WhatsApp takes no more messages to this person just now.", wait_seconds=6),
    131057: Failure(Unavailable, "Our WhatsApp account is in maintenance."),
    132000: _TEMPLATE,
    132001: _TEMPLATE,
    132005: _TEMPLATE,
    132007: _TEMPLATE,
    132008: _TEMPLATE,
    132012: _TEMPLATE,
    132015: _TEMPLATE,
    132016: _TEMPLATE,
    132068: _TEMPLATE,
    133010: Failure(AccountBlocked, "Our WhatsApp number is not registered."),
    133016: Failure(Unavailable, "Our WhatsApp number was registered too often and must wait."),
}
