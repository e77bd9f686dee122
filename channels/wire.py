"""HTTP as channels use it for sending: time limits, and which network failure may have let the message through."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from channels.errors import Unavailable, Uncertain

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)


def new_session() -> aiohttp.ClientSession:
    """Open a connection pool, where the event loop runs; cookies and the environment's proxies are ignored.

    The sender bounds how much is under way. The pool must not: a reply would wait there behind a whole campaign.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    )


@contextmanager
def network_failures(provider: str) -> Iterator[None]:
    """Turn network failures into send errors: what fails before the request is written can safely be tried again.

    Raises:
        Unavailable: no connection was made.
        Uncertain: it broke, or time ran out, once the provider may have read the request.
    """
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        raise Unavailable(f"{provider} could not be reached.", code=type(error).__name__) from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        reason = f"The connection to {provider} was lost before it answered; it may have taken the message."
        raise Uncertain(reason, code=type(error).__name__) from error


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read a Retry-After header, seconds or a date (RFC 9110 §10.2.3); None when there is none or it makes no sense."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
