"""Settings: the environment and eshnav.toml read, checked as a whole, and turned into records of `gateway.domain`."""

import hashlib
import hmac
import os
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Self

from gateway.config.accounts import mail_account, twilio_account, whatsapp_account
from gateway.config.loader import Loader
from gateway.config.sandbox import sandbox_accounts, sandbox_environ
from gateway.config.schema import General, MailShape, TwilioShape, WhatsAppShape
from gateway.domain.account import Account
from gateway.domain.channel import Endpoint
from gateway.domain.errors import ConfigurationError
from gateway.domain.language import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How many days each kind of data is kept; 0 is for ever. docs/operating.md says what is in each."""

    raw_days: int = 30
    mail_days: int = 30
    problem_days: int = 90
    message_days: int = 730
    event_days: int = 180
    login_days: int = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything a process of Eshnav needs to know from outside.

    `database_url` and `redis_url` are empty when the embedded servers are meant; `sandbox_url` is where the sandbox
    answers, or empty when there is none; `media_url` names a bucket for attachments, or is empty for the media folder;
    `senders` is how many processes of one worker send; `trusted_proxies` are the networks whose X-Forwarded-* headers
    are believed; `fault` names where to crash (`gateway.runtime.failpoints`).
    """

    data: Path
    secret: str = field(repr=False)
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    media_url: str = ""
    public_url: str = "http://localhost:8080"
    host: str = "127.0.0.1"
    port: int = 8080
    smtp_port: int = 2525
    senders: int = 2
    log_level: str = "info"
    log_format: str = "json"
    default_region: str = "IL"
    default_language: Language = Language.HEBREW
    trusted_proxies: tuple[str, ...] = ()
    fault: str = ""
    sandbox_url: str = ""
    sandbox_port: int = 8081
    sandbox_smtp_port: int = 2526
    retention: Retention = field(default_factory=Retention)
    accounts: tuple[Account, ...] = ()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All our numbers and mailboxes, in the order of the configuration."""
        return tuple(endpoint for account in self.accounts for endpoint in account.endpoints)

    @property
    def spool_folder(self) -> Path:
        """Where inbound events wait while the database is away."""
        return self.data / "spool"

    @property
    def erasure_key(self) -> str:
        """The key of the hashes that are all that is left of an erased address."""
        return self.derived_secret("erasure")

    @property
    def media_folder(self) -> Path:
        """Where attachments are kept when no bucket is named."""
        return self.data / "media"

    def sandbox_environ(self) -> dict[str, str]:
        """Say what the sandbox process must know to play the providers of these settings, as environment variables."""
        return sandbox_environ(self.accounts) | {
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_SMTP_PORT": str(self.sandbox_smtp_port),
            "SANDBOX_GATEWAY_URL": f"http://127.0.0.1:{self.port}",
            "SANDBOX_PUBLIC_URL": self.public_url,
            "SANDBOX_GATEWAY_SMTP": f"127.0.0.1:{self.smtp_port}",
        }

    def derived_secret(self, purpose: str) -> str:
        """Give the key for one purpose; keys of different purposes tell nothing about each other or the secret."""
        return hmac.new(self.secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    def with_sandbox(self) -> Self:
        """Give these settings with the sandbox in the place of every provider.

        Its credentials are public while only this machine can reach us, so that anyone may play with it by hand; on a
        public interface they are our own.
        """
        key = None if self.host in ("127.0.0.1", "localhost", "::1") else self.derived_secret("sandbox")
        settings = replace(self, sandbox_url=f"http://127.0.0.1:{self.sandbox_port}")
        accounts = sandbox_accounts(
            key,
            url=settings.sandbox_url,
            smtp_port=self.sandbox_smtp_port,
            reply_secret=self.derived_secret("mail reply"),
            public_url=self.public_url,
        )
        return replace(settings, accounts=accounts)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the configuration: the environment (this process's by default) over eshnav.toml.

    With SANDBOX_URL set and no provider account, the accounts are the sandbox's. Makes the data folder's secret on
    first use when ESHNAV_SECRET is not given.

    Raises:
        ConfigurationError: lists everything that is wrong.
    """
    read = Loader(os.environ if environ is None else environ)
    general = read.general()
    twilio, whatsapp, mail = read.accounts(TwilioShape), read.accounts(WhatsAppShape), read.accounts(MailShape)
    if read.problems or general is None:
        raise ConfigurationError(tuple(read.problems))
    settings = _settings(general)
    accounts: list[Account] = [twilio_account(shape) for shape in twilio]
    accounts += [whatsapp_account(shape) for shape in whatsapp]
    reply_secret = settings.derived_secret("mail reply")
    accounts += [mail_account(shape, reply_secret, settings.public_url) for shape in mail]
    settings = replace(settings, accounts=tuple(accounts))
    if settings.sandbox_url and not accounts:
        settings = settings.with_sandbox()
    _refuse_clashes(settings)
    return settings


def _settings(general: General) -> Settings:
    """Make the settings that are no accounts; the data folder's secret is made on first use."""
    data = general.eshnav_data.absolute()
    words = general.model_dump(exclude={"eshnav_data", "eshnav_secret", "public_url", "default_language"})
    kept = {each.name: words.pop(f"retention_{each.name}") for each in fields(Retention)}
    return Settings(
        data=data,
        secret=general.eshnav_secret or _kept_secret(data / "secret"),
        public_url=general.public_url or f"http://localhost:{general.port}",
        default_language=Language(general.default_language),
        retention=Retention(**kept),
        **words,
    )


def _kept_secret(file: Path) -> str:
    """Read the data folder's secret, or make it once, readable by us alone."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            made = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(made, "w") as opened:
                opened.write(secrets.token_hex(32))
        return file.read_text()
    except OSError as error:
        raise ConfigurationError((f"ESHNAV_DATA is wrong: {file} cannot be written ({error.strerror})",)) from error


def _refuse_clashes(settings: Settings) -> None:
    """Check what only the whole can show: no address twice, no port twice."""
    counted = Counter(endpoint.key for endpoint in settings.endpoints)
    problems = [f"{key} is configured {count} times" for key, count in counted.items() if count > 1]
    ports = {"PORT": settings.port, "SMTP_PORT": settings.smtp_port}
    ports |= {"SANDBOX_PORT": settings.sandbox_port, "SANDBOX_SMTP_PORT": settings.sandbox_smtp_port}
    for port, count in Counter(ports.values()).items():
        if count > 1:
            problems.append(f"{' and '.join(name for name in ports if ports[name] == port)} are both {port}")
    if problems:
        raise ConfigurationError(tuple(problems))
