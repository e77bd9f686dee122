"""Posts webhooks to the product. Public addresses are mapped to where it really is; no other machine is called."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from gateway.sandbox.settings import Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_CONNECTIONS = 128
_READ_BYTES = 64 * 1024


class PostError(Exception):
    """The product did not answer. `is_connect` says that the request cannot have reached it."""

    def __init__(self, reason: str, *, is_connect: bool) -> None:
        super().__init__(reason)
        self.is_connect = is_connect


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the product answered."""

    status: int
    media_type: str
    text: str

    @property
    def is_success(self) -> bool:
        """The product took it."""
        return 200 <= self.status < 300  # noqa: PLR2004  # the 2xx class


class Poster:
    """A pool of connections to the product."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    def on_this_machine(self, url: str) -> str | None:
        """Give the address behind a public URL, or None when it is neither the product nor loopback."""
        public, gateway = self._settings.public_url, self._settings.gateway_url
        if url == public or url.startswith((public + "/", public + "?")):
            return gateway + url[len(public) :]
        if url == gateway or url.startswith(gateway + "/"):
            return url
        return url if urlsplit(url).hostname in _LOOPBACK else None

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        connect_seconds: float = 5.0,
        read_seconds: float = 15.0,
        method: str = "POST",
    ) -> Answer:
        """Send one request, its URL verbatim, and read the answer.

        Raises:
            PostError: nobody answered, in time or at all, or the address is on another machine.
        """
        address = self.on_this_machine(url)
        if address is None:
            raise PostError(f"{url} is on another machine; the sandbox calls only the product", is_connect=True)
        timeout = aiohttp.ClientTimeout(
            total=connect_seconds + read_seconds, sock_connect=connect_seconds, sock_read=read_seconds
        )
        try:
            async with self._open().request(
                method,
                URL(address, encoded=True),
                data=body,
                headers={"Host": urlsplit(url).netloc, **headers},
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                content = await response.content.read(_READ_BYTES)
                return Answer(
                    status=response.status,
                    media_type=response.content_type,
                    text=content.decode("utf-8", "replace"),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise PostError(str(error) or "cannot connect", is_connect=True) from error
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise PostError(str(error) or type(error).__name__, is_connect=False) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, use_dns_cache=True),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
