"""Fetching files that customers sent, from the provider's own hosts only; a URL in a payload is never simply followed.

What is done with the bytes, and of what type they really are, is decided elsewhere.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from channels import wire
from channels.errors import Rejected, SendError, Unavailable
from channels.failures import by_status

LARGEST_BYTES = 20 * 1024 * 1024
_MOST_REDIRECTS = 3
_CHUNK_BYTES = 64 * 1024
_FORBIDDEN = "The file is not where the provider keeps files, so it was not fetched."
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    """A file's bytes and the type its host gave it."""

    content: bytes
    media_type: str


class MediaFetcher:
    """Fetches from `hosts` (such as `*.twiliocdn.com`) and the provider's API itself.

    `authorization` goes to `credential_hosts` and the API's own host, and to no other. The API's own host may have an
    address that is not public, and plain HTTP when it is this machine: a provider's stand-in runs there.
    """

    def __init__(
        self, *, api_base: str, hosts: Iterable[str], authorization: str, credential_hosts: Iterable[str] = ()
    ) -> None:
        self._api = URL(api_base).origin()
        self._hosts = tuple(hosts)
        self._credential_hosts = frozenset(credential_hosts)
        self._authorization = authorization
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, *, sha256: str | None = None) -> FetchedMedia:
        """Download a file of at most 20 MiB; `sha256` is what its bytes must hash to, in hexadecimal.

        Raises:
            Rejected: the URL is not the provider's, the file is too large, gone, or not what was announced.
            SendError: the provider could not be reached or has a problem; the kind says whether to retry.
        """
        try:
            async with asyncio.timeout(wire.TIMEOUT.total):
                media = await self._follow(url)
        except TimeoutError as error:
            raise Unavailable("The provider did not send the file in time.", code="TimeoutError") from error
        if sha256 and not hmac.compare_digest(hashlib.sha256(media.content).hexdigest(), sha256.lower()):
            raise Rejected("The file is not the one the provider announced.", code="sha256")
        return media

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    async def _follow(self, url: str) -> FetchedMedia:
        target = self._checked(url)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._get(target)
            if isinstance(answer, FetchedMedia):
                return answer
            target = self._checked(str(target.join(answer)))
        raise Rejected("The file's address leads on and on, so it was not fetched.")

    def _checked(self, url: str) -> URL:
        try:
            target = URL(url)
            is_own = target.origin() == self._api
        except ValueError as error:
            raise Rejected(_FORBIDDEN) from error
        is_named = any(fnmatchcase(target.host or "", pattern) for pattern in self._hosts)
        is_safe_scheme = target.scheme == "https" or (is_own and _is_loopback(self._api.host or ""))
        if target.user or target.password or not (is_own or (is_named and target.is_default_port())):
            raise Rejected(_FORBIDDEN)
        if not is_safe_scheme:
            raise Rejected(_FORBIDDEN)
        return target

    async def _get(self, target: URL) -> FetchedMedia | URL:
        """Fetch one address; gives the file, or the address it was moved to."""
        try:
            with wire.network_failures("The provider"):
                async with self._pool().get(target, headers=self._headers(target), allow_redirects=False) as answer:
                    if answer.status in (301, 302, 303, 307, 308):
                        return URL(answer.headers.get("Location", ""))
                    if answer.status != HTTPStatus.OK:
                        raise by_status(answer.status).error(f"HTTP {answer.status}", wire.retry_after(answer.headers))
                    return FetchedMedia(await _read(answer), answer.content_type)
        except SendError as error:
            # Nothing is sent by fetching, so a lost connection is only a reason to fetch again.
            raise (Unavailable(error.reason, code=error.code) if error.maybe_sent else error) from error

    def _headers(self, target: URL) -> dict[str, str]:
        is_trusted = target.origin() == self._api or target.host in self._credential_hosts
        return {"Authorization": self._authorization} if is_trusted else {}

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=PublicResolver(self._api.host or ""), limit=8)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=wire.TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session


class PublicResolver(AbstractResolver):
    """Resolves a name once and gives only public addresses, so that no name can lead into our own network."""

    def __init__(self, exempt_host: str) -> None:
        self._exempt_host = exempt_host
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name.

        Raises:
            OSError: it does not resolve, or only to addresses that are not public.
        """
        found = await self._inner.resolve(host, port, family)
        allowed = [each for each in found if host == self._exempt_host or is_public(each["host"])]
        if not allowed:
            raise OSError(f"{host} has no public address")
        return allowed

    async def close(self) -> None:
        """Let go of the inner resolver."""
        await self._inner.close()


def is_public(address: str) -> bool:
    """Say whether an IP address is reachable for anybody, also when an IPv4 address is wrapped in an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _wrapped(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    if inner is not None and not is_public(str(inner)):
        return False
    return ip.is_global and not ip.is_multicast


def _wrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > LARGEST_BYTES:
        raise Rejected("The file is larger than 20 MiB, so it was not fetched.")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        content += chunk
        if len(content) > LARGEST_BYTES:
            raise Rejected("The file is larger than 20 MiB, so it was not fetched.")
    return bytes(content)
