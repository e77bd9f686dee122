"""SPF (RFC 7208) over a DNS that is handed in: pyspf does the rules, within its ten lookups.

The questions go to `Answers`.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from ipaddress import ip_address
from typing import Protocol

import spf

_QUERY_SECONDS = 4.0
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="spf")


class DnsDown(Exception):
    """The DNS did not answer in time, or said it cannot now."""


class Answers(Protocol):
    """Where DNS answers come from; the real one is `channels.email.resolver`."""

    async def resolve(self, name: str, kind: str) -> Sequence[str]:
        """Give the records of a name as text (`A`, `AAAA`, `MX` as "10 host", `PTR`, `TXT`); none is an empty list.

        Raises:
            DnsDown: there was no answer.
        """
        ...


class SpfResult(StrEnum):
    """What matters of SPF here: everything that is neither a pass nor a want of answers proves nothing."""

    PASS = "pass"  # noqa: S105 - SPF's word, not a password
    NONE = "none"
    FAIL = "fail"
    TEMPERROR = "temperror"


_RESULTS = {"pass": SpfResult.PASS, "none": SpfResult.NONE, "temperror": SpfResult.TEMPERROR}


async def check_spf(peer: str, sender: str, helo: str, resolver: Answers) -> SpfResult:
    """Ask whether the domain of `sender` lets `peer` send for it. A peer inside our own network proves nothing."""
    try:
        if not ip_address(peer).is_global:
            return SpfResult.NONE
    except ValueError:
        return SpfResult.NONE
    loop = asyncio.get_running_loop()
    query = _Query(peer, sender, helo, resolver, loop)
    try:
        result = await asyncio.wait_for(loop.run_in_executor(_threads, query.check), _QUERY_SECONDS)
    except TimeoutError:
        return SpfResult.TEMPERROR
    except Exception:  # noqa: BLE001 - pyspf fails in many ways on hostile records; none of them is a proof
        return SpfResult.FAIL
    return _RESULTS.get(result[0], SpfResult.FAIL)


class _Query(spf.query):  # type: ignore[misc] # pyspf has no types
    """pyspf's query with its DNS replaced; it runs in a thread and asks on the loop."""

    def __init__(self, peer: str, sender: str, helo: str, resolver: Answers, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(i=peer, s=sender, h=helo, querytime=20)
        self._resolver = resolver
        self._loop = loop

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[object]:  # noqa: ARG002, FBT001, FBT002 - pyspf's shape
        """Answer in pyspf's form, counting empty answers as RFC 7208 §4.6.4 wants."""
        future = asyncio.run_coroutine_threadsafe(self._resolver.resolve(str(name), qtype), self._loop)
        try:
            records = future.result(_QUERY_SECONDS)
        except (DnsDown, TimeoutError) as error:
            raise spf.TempError("DNS") from error
        if not records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("Void lookup limit exceeded")
        return [_shaped(record, qtype) for record in records]


def _shaped(record: str, kind: str) -> object:
    if kind == "TXT":
        return (record.encode("utf-8", "surrogateescape"),)
    if kind == "MX":
        preference, _, host = record.partition(" ")
        return (int(preference), host.rstrip("."))
    return record.rstrip(".")
