"""Structured logs: one JSON object (or one readable line) per event, from which people and secrets are taken out.

Three rules, applied to every line whoever wrote it: secrets never appear; a phone number keeps its last four digits
and a mail address its domain; what people wrote appears at DEBUG only.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from gateway.config import Settings

_SECRET_KEY = re.compile(
    r"password|passwd|secret|token|authorization|cookie|credential|api[_-]?key|signature|relay_url|database_url|redis_url",
    re.IGNORECASE,
)
_WORDS_OF_PEOPLE = frozenset(
    (
        "text",
        "body",
        "html",
        "full_text",
        "subject",
        "preview",
        "raw",
        "payload",
        "caption",
        "contact_name",
        "filename",
        "content",
    )
)
_HIDDEN = "[hidden]"
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {_HIDDEN}"),
    (
        re.compile(r"(?i)(\b[\w-]*(?:token|secret|password|signature)[\w-]*[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;]+"),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"(\w+://)[^\s/@:]*:[^\s/@]+@"), rf"\1{_HIDDEN}@"),
    (re.compile(r"\bEAA[0-9A-Za-z]{20,}"), _HIDDEN),
    (re.compile(r"[\w.+%=-]+@([\w-]+(?:\.[\w-]+)+)"), r"…@\1"),
    (re.compile(r"(?<![\w.])\+?\d(?:[\s().-]?\d){7,13}(\d)(?![\w])"), lambda match: _last_four(match.group())),
)
_NOT_A_PHONE = frozenset(("timestamp", "level", "logger", "sid", "provider_id", "delivery_id", "message_id"))


def set_up_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Send every log line of this process, ours and the libraries', to `stream` (stderr) in the configured form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    is_json = settings.log_format == "json"
    ending: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if is_json
        else structlog.dev.ConsoleRenderer(colors=False),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ending))
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for chatty in ("mail.log", "asyncio", "aiohttp.access", "twilio.http_client", "rq.worker"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=False,
    )


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets, people's addresses and people's words out of one log line."""
    shows_words = line.get("level") == "debug"
    return {key: _redacted(key, value, shows_words=shows_words) for key, value in line.items()}


def _redacted(key: str, value: Any, *, shows_words: bool) -> Any:
    if value is None or isinstance(value, bool | int | float) or key in _NOT_A_PHONE:
        return value
    if _SECRET_KEY.search(key):
        return _HIDDEN
    if key in _WORDS_OF_PEOPLE and not shows_words:
        return f"[{len(str(value))} characters]"
    if isinstance(value, Mapping):
        return {str(inner): _redacted(str(inner), part, shows_words=shows_words) for inner, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(key, part, shows_words=shows_words) for part in value]
    return without_people(str(value))


def without_people(text: str) -> str:
    """Replace what looks like a secret, a phone number or a mail address inside a text."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _last_four(number: str) -> str:
    return "…" + re.sub(r"\D", "", number)[-4:]
