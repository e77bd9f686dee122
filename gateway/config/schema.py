"""What a person may write, in the environment or in eshnav.toml, and how what is wrong with it is said.

Each shape's fields are the file's words; with the shape's prefix and in capitals they are the environment's.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.domain.language import Spoken


def _url(*schemes: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.hostname or parts.query or parts.path):
            raise ValueError(f"must be a URL that starts with {' or '.join(scheme + '://' for scheme in schemes)}")
        _ = parts.port
        return value.rstrip("/")

    return check


def _matching(pattern: str, what: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return check


def _region(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{value!r} is not a country code such as IL or US")
    return value


def _network(value: str) -> str:
    return str(ip_network(value, strict=False))


def _split(value: object) -> object:
    """Take several values in one variable, with commas between them; a file may also give a list or a single value."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return (value,) if isinstance(value, dict) else value


def _named(value: object) -> object:
    """Take a bare number or mailbox where a table with `address` may stand."""
    return {"address": value} if isinstance(value, str) else value


_PHONE = _matching(r"\+[1-9][0-9]{6,14}", "a phone number in international form, such as +972501234567")
_ACCOUNT_SID = _matching(r"AC[0-9a-fA-F]{32}", "an account SID (AC and 32 digits of 0-9a-f)")
_MAILBOX = _matching(r"[^@\s<>,;]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "a mail address")
_DOMAIN = _matching(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "a mail domain")
_META_ID = _matching(r"[0-9]{5,25}", "an id of Meta's, digits only")

HttpUrl = Annotated[str, AfterValidator(_url("http", "https"))]
Port = Annotated[int, Field(ge=1, le=65535)]
Days = Annotated[int, Field(ge=0, le=36_500)]
Secrets = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(_split)]


class OurAddress(BaseModel):
    """One of our numbers or mailboxes, written bare or as a table that also gives its name and speed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str
    name: str = ""
    sends_per_second: float = Field(default=0, ge=0)


def _of(check: Callable[[str], str]) -> Callable[[OurAddress], OurAddress]:
    def checked(ours: OurAddress) -> OurAddress:
        check(ours.address)
        return ours

    return checked


PhoneEndpoint = Annotated[OurAddress, BeforeValidator(_named), AfterValidator(_of(_PHONE))]
PhoneIdEndpoint = Annotated[OurAddress, BeforeValidator(_named), AfterValidator(_of(_META_ID))]
MailboxEndpoint = Annotated[OurAddress, BeforeValidator(_named), AfterValidator(_of(_MAILBOX))]


class TemplateShape(BaseModel):
    """A message template a WhatsApp provider approved; the fields are `gateway.domain.account.ApprovedTemplate`'s."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ours: str
    language: str
    name: str
    placeholders: tuple[str, ...] = ("text",)


class Shape(BaseSettings):
    """What all shapes share: unknown words are refused, and values never appear in errors unless we put them there."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)
    other_names: ClassVar[dict[str, str]] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the library's signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Build from what is passed, never from the process's environment behind the caller's back."""
        return (init_settings,)

    @classmethod
    def words_in(cls, environ: Mapping[str, str]) -> dict[str, Any]:
        """Pick out what the environment says for this shape; an empty variable says nothing."""
        said = {name: value.strip() for name, value in environ.items() if value.strip()}
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): value for name, value in said.items()}
        return source() | {word: said[name] for word, name in cls.other_names.items() if name in said}

    @classmethod
    def variable_names(cls) -> dict[str, str]:
        """Give the environment's name of every field that the environment can express (templates need the file)."""
        prefix = cls.model_config.get("env_prefix", "")
        fields = [field for field in cls.model_fields if field != "templates"]
        return {field: cls.other_names.get(field, f"{prefix}{field}".upper()) for field in fields}


class General(Shape):
    """Everything that is not a provider account."""

    database_url: Annotated[str, AfterValidator(_url("postgresql", "postgres"))] = ""
    redis_url: Annotated[str, AfterValidator(_url("redis", "rediss", "unix"))] = ""
    public_url: HttpUrl = ""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8080
    smtp_port: Port = 2525
    senders: Annotated[int, Field(ge=1, le=32)] = 2
    eshnav_data: Path = Path("var")
    media_url: Annotated[str, AfterValidator(_url("s3", "gs", "az"))] = ""
    eshnav_secret: str | None = Field(default=None, min_length=32, repr=False)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    default_region: Annotated[str, AfterValidator(_region)] = "IL"
    default_language: Spoken = "he"
    trusted_proxies: Networks = ()
    fault: str = ""
    sandbox_url: HttpUrl = ""
    sandbox_port: Port = 8081
    sandbox_smtp_port: Port = 2526
    retention_raw_days: Days = 30
    retention_mail_days: Days = 30
    retention_problem_days: Days = 90
    retention_message_days: Days = 730
    retention_event_days: Days = 180
    retention_login_days: Days = 30


class TwilioShape(Shape):
    """A Twilio account: SMS, WhatsApp, or both."""

    model_config = SettingsConfigDict(env_prefix="TWILIO_")

    account_sid: Annotated[str, AfterValidator(_ACCOUNT_SID)]
    auth_token: Secrets = Field(min_length=1, max_length=2)
    api_base: HttpUrl = "https://api.twilio.com"
    sms_from: Annotated[tuple[PhoneEndpoint, ...], NoDecode, BeforeValidator(_split)] = ()
    whatsapp_from: Annotated[tuple[PhoneEndpoint, ...], NoDecode, BeforeValidator(_split)] = ()
    messaging_service_sid: Secrets = ()
    templates: tuple[TemplateShape, ...] = ()


class WhatsAppShape(Shape):
    """A WhatsApp Business account on Meta's Cloud API."""

    model_config = SettingsConfigDict(env_prefix="WHATSAPP_")

    token: Annotated[str, Field(min_length=1)]
    app_secret: Secrets = Field(min_length=1, max_length=2)
    verify_token: Annotated[str, Field(min_length=1)]
    phone_number_id: Annotated[tuple[PhoneIdEndpoint, ...], NoDecode, BeforeValidator(_split)] = Field(min_length=1)
    business_account_id: Annotated[str, AfterValidator(_META_ID)] | Literal[""] = ""
    api_base: HttpUrl = "https://graph.facebook.com/v25.0"
    templates: tuple[TemplateShape, ...] = ()


class MailShape(Shape):
    """Our mailboxes and the relay that carries our mail out."""

    model_config = SettingsConfigDict(env_prefix="MAIL_")
    other_names: ClassVar[dict[str, str]] = {"relay_url": "SMTP_RELAY_URL"}

    address: Annotated[tuple[MailboxEndpoint, ...], NoDecode, BeforeValidator(_split)] = Field(min_length=1)
    relay_url: Annotated[str, AfterValidator(_url("smtp", "smtps"))] = Field(repr=False)
    domain: Annotated[str, AfterValidator(_DOMAIN)] | Literal[""] = ""
    trusted_authserv_ids: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    trusted_peers: Networks = ()


def in_words(error: ValidationError, name_of: Callable[[tuple[int | str, ...]], str]) -> list[str]:
    """Say each thing that is wrong in a sentence that starts with the name of the setting, and never shows a secret."""
    return [f"{name_of(detail['loc'])} {_complaint(detail)}" for detail in error.errors(include_url=False)]


def _complaint(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a setting Eshnav knows"
    if kind == "value_error":
        return f"is wrong: {context['error']}"
    return f"is wrong: {detail['msg'][0].lower()}{detail['msg'][1:]}"
