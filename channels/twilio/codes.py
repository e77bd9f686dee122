"""Twilio's words in ours: message statuses and error codes. Data only.

Sources: Twilio's Message resource (statuses) and its error and warning dictionary (codes).
"""

from channels.errors import (
    AccountBlocked,
    BadAddress,
    OptedOut,
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
    "accepted": Status.QUEUED,
    "scheduled": Status.QUEUED,
    "queued": Status.QUEUED,
    "sending": Status.SENDING,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "partially_delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}

INBOUND_STATUSES = frozenset({"", "received", "receiving"})

OPT_OUT_WISHES = {"STOP": ConsentWish.STOP, "START": ConsentWish.START}

# Words Twilio itself answers on SMS, when they are the whole message, even without Advanced Opt-Out. YES and HELP are
# left out: customers say them to us, and no answer at all is worse than a second one.
ANSWERED_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP"}
)

MESSAGE_TYPES = {
    "image": MessageKind.IMAGE,
    "video": MessageKind.VIDEO,
    "audio": MessageKind.AUDIO,
    "voice": MessageKind.AUDIO,
    "document": MessageKind.DOCUMENT,
    "sticker": MessageKind.STICKER,
    "location": MessageKind.LOCATION,
    "contacts": MessageKind.CONTACTS,
    "contact": MessageKind.CONTACTS,
    "reaction": MessageKind.REACTION,
    "button": MessageKind.CHOICE,
    "order": MessageKind.ORDER,
    "unsupported": MessageKind.UNSUPPORTED,
}

_BUSY = Failure(Throttled, "Twilio is passing on as many of our messages as it may; more can go a little later.")
_DAILY = Failure(Throttled, "Our number has sent as many messages as it may today.", wait_seconds=3600)
_PASSING = Failure(Unavailable, "The mobile network or WhatsApp had a passing problem.")
_LOST = Failure(Unavailable, "The mobile network did not deliver the message and did not say why.")
_OPTED_OUT = Failure(OptedOut, "This person told the provider that they want no more messages from us.")
_NO_NUMBER = Failure(BadAddress, "This is not a number that can get messages.")
_NO_WHATSAPP = Failure(BadAddress, "WhatsApp cannot reach anybody at this number.")
_TEMPLATE = Failure(TemplateRefused, "WhatsApp does not accept this template or its values.")
_POLICY = Failure(TemplateRefused, "WhatsApp's rules do not allow this content.")
_SENDER = Failure(AccountBlocked, "Twilio does not let us send from this number.")
_CREDENTIALS = Failure(AccountBlocked, "Twilio does not accept our account or its credentials.")
_MALFORMED = Failure(Rejected, "Twilio could not make sense of the message.")
_MEDIA = Failure(Rejected, "Twilio could not fetch or send the file.")

ERRORS: dict[int, Failure] = {
    20003: _CREDENTIALS,
    20005: _CREDENTIALS,
    20429: _BUSY,
    21211: _NO_NUMBER,
    21212: _SENDER,
    21214: _NO_NUMBER,
    21217: _NO_NUMBER,
    21408: Failure(Undeliverable, "Our account may not send to this country."),
    21602: Failure(Rejected, "The message is empty."),
    21604: Failure(Rejected, "The message has no recipient."),
    21606: _SENDER,
    21610: _OPTED_OUT,
    21611: _BUSY,
    21612: Failure(Undeliverable, "Our number cannot send to this one."),
    21614: Failure(BadAddress, "This is not a mobile number."),
    21617: Failure(Rejected, "The message is longer than 1,600 characters."),
    21620: _MEDIA,
    21656: _TEMPLATE,
    21910: _MALFORMED,
    30001: _BUSY,
    30002: Failure(AccountBlocked, "Our Twilio account is suspended."),
    30003: Failure(Undeliverable, "The phone is off or out of reach."),
    30004: Failure(Undeliverable, "The phone or its network blocks our messages."),
    30005: Failure(BadAddress, "This number is not in service."),
    30006: Failure(BadAddress, "This is a landline, or its network takes no messages."),
    30007: Failure(Undeliverable, "The mobile network filtered the message as unwanted."),
    30008: _LOST,
    30017: Failure(Unavailable, "The mobile network is congested."),
    30019: Failure(Rejected, "The file is larger than the mobile network takes."),
    30022: _BUSY,
    30023: _DAILY,
    30027: _DAILY,
    30032: Failure(AccountBlocked, "Our toll-free number is not verified yet."),
    30034: Failure(AccountBlocked, "Our number is not registered for messages to this country."),
    63001: _CREDENTIALS,
    63003: _NO_WHATSAPP,
    63005: _POLICY,
    63007: Failure(AccountBlocked, "Our WhatsApp sender is not set up at Twilio."),
    63009: _PASSING,
    63010: _PASSING,
    63012: _PASSING,
    63013: _POLICY,
    63014: Failure(BadAddress, "This person's WhatsApp does not take messages from us."),
    63015: Failure(Undeliverable, "This person has not joined Twilio's WhatsApp sandbox."),
    63016: Failure(WindowClosed, "More than 24 hours passed since this person wrote; only a template may be sent."),
    63017: _BUSY,
    63018: _BUSY,
    63019: Failure(Unavailable, "WhatsApp could not fetch the file."),
    63024: _NO_WHATSAPP,
    63027: _TEMPLATE,
    63028: _TEMPLATE,
    63032: Failure(BadAddress, "WhatsApp does not let us write to this person."),
    63033: _OPTED_OUT,
    63041: _POLICY,
}
