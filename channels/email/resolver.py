"""The real DNS for mail authentication.

Short waits, a small cache, and no waiting at all for a while once it is down.
"""

import time
from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdata import Rdata

from channels.email.spf import DnsDown

_ANSWER_SECONDS = 1.5
_REST_SECONDS = 30.0
_CACHED_NAMES = 2000


class Dns:
    """DNS answers by the machine's own resolver configuration."""

    def __init__(self) -> None:
        """Read the machine's configuration; without any, every question fails at once."""
        self._down_until = 0.0
        try:
            self._resolver: dns.asyncresolver.Resolver | None = dns.asyncresolver.Resolver()
        except dns.exception.DNSException:
            self._resolver = None
        else:
            self._resolver.lifetime = _ANSWER_SECONDS
            self._resolver.timeout = _ANSWER_SECONDS
            self._resolver.cache = dns.resolver.LRUCache(_CACHED_NAMES)

    async def resolve(self, name: str, kind: str) -> Sequence[str]:
        """Give the records of a name as text; none is an empty list.

        Raises:
            DnsDown: no name server answered, now or within the last half minute.
        """
        if self._resolver is None or time.monotonic() < self._down_until:
            raise DnsDown
        try:
            answer = await self._resolver.resolve(name, kind, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.Timeout, OSError) as error:
            self._down_until = time.monotonic() + _REST_SECONDS
            raise DnsDown from error
        except dns.resolver.NoNameservers as error:
            raise DnsDown from error
        except (dns.exception.DNSException, UnicodeError, ValueError):
            return []
        return [_text(record) for record in answer]


def _text(record: Rdata) -> str:
    strings = getattr(record, "strings", None)
    return b"".join(strings).decode("utf-8", "surrogateescape") if strings is not None else record.to_text()
