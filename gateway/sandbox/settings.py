"""What the sandbox is told by its environment. The only place here that reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_REQUIRED = (
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "WHATSAPP_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID",
)
_HIGHEST_PORT = 65535


class SettingsError(Exception):
    """The sandbox cannot start; the message lists everything that is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The accounts the sandbox plays, where it listens, and where the product is.

    Of several numbers customers write to the first; the product may send from any.
    """

    twilio_account_sid: str
    twilio_auth_tokens: tuple[str, ...] = field(repr=False)
    twilio_sms_numbers: tuple[str, ...]
    twilio_whatsapp_numbers: tuple[str, ...]
    whatsapp_token: str = field(repr=False)
    whatsapp_app_secrets: tuple[str, ...] = field(repr=False)
    whatsapp_verify_token: str = field(repr=False)
    whatsapp_phone_number_id: str
    whatsapp_business_account_id: str
    mail_address: str
    mail_domain: str
    port: int
    smtp_port: int
    gateway_url: str
    public_url: str
    gateway_smtp_host: str
    gateway_smtp_port: int

    @property
    def twilio_sms_from(self) -> str:
        """The number customers text."""
        return self.twilio_sms_numbers[0]

    @property
    def twilio_whatsapp_from(self) -> str:
        """The number customers write to on WhatsApp."""
        return self.twilio_whatsapp_numbers[0]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Raises:
        SettingsError: a required variable is missing, or a port is no port; lists all of them.
    """
    problems = [f"{name} is not set" for name in _REQUIRED if not environment.get(name, "").strip(" ,")]
    gateway_url = environment.get("SANDBOX_GATEWAY_URL", "http://127.0.0.1:8080").rstrip("/")
    smtp_host, _, smtp_port = environment.get("SANDBOX_GATEWAY_SMTP", "127.0.0.1:2525").rpartition(":")
    ports = {
        "SANDBOX_PORT": environment.get("SANDBOX_PORT", "8081"),
        "SANDBOX_SMTP_PORT": environment.get("SANDBOX_SMTP_PORT", "2526"),
        "SANDBOX_GATEWAY_SMTP": smtp_port,
    }
    problems += [f"{name} has no port number: {text!r}" for name, text in ports.items() if not _is_port(text)]
    if problems:
        raise SettingsError("\n".join(f"- {problem}" for problem in problems))
    domain = environment.get("MAIL_DOMAIN") or "support.example"
    return Settings(
        twilio_account_sid=environment["TWILIO_ACCOUNT_SID"].strip(),
        twilio_auth_tokens=_several(environment["TWILIO_AUTH_TOKEN"]),
        twilio_sms_numbers=_several(environment.get("TWILIO_SMS_FROM", "")) or ("+97233730001",),
        twilio_whatsapp_numbers=tuple(
            number.removeprefix("whatsapp:")
            for number in _several(environment.get("TWILIO_WHATSAPP_FROM", "")) or ("+97233730002",)
        ),
        whatsapp_token=environment["WHATSAPP_TOKEN"].strip(),
        whatsapp_app_secrets=_several(environment["WHATSAPP_APP_SECRET"]),
        whatsapp_verify_token=environment["WHATSAPP_VERIFY_TOKEN"].strip(),
        whatsapp_phone_number_id=_several(environment["WHATSAPP_PHONE_NUMBER_ID"])[0],
        whatsapp_business_account_id=environment.get("WHATSAPP_BUSINESS_ACCOUNT_ID") or "100000000000001",
        mail_address=(*_several(environment.get("MAIL_ADDRESS", "")), f"support@{domain}")[0],
        mail_domain=domain,
        port=int(ports["SANDBOX_PORT"]),
        smtp_port=int(ports["SANDBOX_SMTP_PORT"]),
        gateway_url=gateway_url,
        public_url=(environment.get("SANDBOX_PUBLIC_URL") or gateway_url).rstrip("/"),
        gateway_smtp_host=smtp_host.strip("[]") or "127.0.0.1",
        gateway_smtp_port=int(smtp_port),
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _HIGHEST_PORT
