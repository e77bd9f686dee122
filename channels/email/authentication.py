"""Is the sender who the mail says: SPF (RFC 7208), DKIM (RFC 6376) and their alignment with From (DMARC, RFC 7489).

Two steps, since one waits and the other works: `gather` here asks the DNS for what could prove this From, and nothing
else; `verdict.judge` checks the signatures, which hostile mail can make costly, in a process with limits.
"""

import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from publicsuffixlist import PublicSuffixList

from channels.contract import Request
from channels.email import addresses, headers
from channels.email.spf import Answers, DnsDown, SpfResult, check_spf
from channels.email.verdict import NO_EVIDENCE, Evidence, Key
from gateway.domain.account import MailAccount
from gateway.domain.messages import Verification

_HEAD = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(
    rb"^(from|dkim-signature|authentication-results)[ \t]*:((?:[^\n]|\n[ \t])*)", re.MULTILINE | re.IGNORECASE
)
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)")
_RESERVED = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost|local|internal)$")
_MAX_HEAD_BYTES = 64 * 1024
_MAX_SIGNATURES = 5
_MAX_KEY_CHARACTERS = 1600  # an RSA key of 8192 bits; larger ones only cost time


async def gather(request: Request, account: MailAccount, resolver: Answers) -> Evidence:
    """Collect what could prove the From of a mail. Never raises; a DNS that does not answer gives TEMPERROR."""
    fields = _fields(request.body)
    sender = addresses.only_sender([value for name, value in fields if name == "from"])
    if sender is None:
        return Evidence(otherwise=Verification.UNALIGNED)
    domain = sender.address.rpartition("@")[2]
    believed = _trusted_verdict(
        request, account, domain, [value for name, value in fields if name == "authentication-results"]
    )
    if believed:
        return Evidence(verdict=believed)
    if _RESERVED.search(domain):
        return NO_EVIDENCE
    try:
        return await _ask(request, domain, [value for name, value in fields if name == "dkim-signature"], resolver)
    except (DnsDown, TimeoutError):
        return Evidence(verdict=Verification.TEMPERROR)


def _fields(raw: bytes) -> list[tuple[str, str]]:
    end = _HEAD.search(raw, 0, _MAX_HEAD_BYTES)
    head = raw[: end.start()] if end else b""
    return [
        (name.decode("ascii").lower(), value.decode("utf-8", "surrogateescape")) for name, value in _FIELD.findall(head)
    ]


async def _ask(request: Request, domain: str, signatures: list[str], resolver: Answers) -> Evidence:
    policy = await _policy(domain, resolver)
    spf = await _spf(request, domain, policy, resolver)
    if spf is SpfResult.PASS:
        return Evidence(verdict=Verification.ALIGNED)
    keys: list[Key] = []
    is_down = spf is SpfResult.TEMPERROR
    for index, value in enumerate(signatures[:_MAX_SIGNATURES]):
        tags = {match[1]: re.sub(r"\s", "", match[2]) for match in _TAG.finditer(headers.unfold(value))}
        if not _is_aligned(tags.get("d", ""), domain, strict=policy.get("adkim") == "s"):
            continue
        try:
            records = await resolver.resolve(f"{tags.get('s', '')}._domainkey.{tags['d']}", "TXT")
        except DnsDown:
            is_down = True
            continue
        keys += [
            Key(index=index, record=record.encode()) for record in records[:1] if len(record) <= _MAX_KEY_CHARACTERS
        ]
    publishes = bool(policy) or bool(signatures) or spf is not SpfResult.NONE
    otherwise = Verification.UNALIGNED if publishes else Verification.NONE
    return Evidence(keys=tuple(keys), otherwise=Verification.TEMPERROR if is_down else otherwise)


async def _policy(domain: str, resolver: Answers) -> dict[str, str]:
    """Give the tags of the DMARC record of a domain, or of its organisation; empty when it publishes none."""
    for name in dict.fromkeys((domain, organisation(domain))):
        for record in await resolver.resolve(f"_dmarc.{name}", "TXT"):
            tags = {match[1]: match[2].strip() for match in _TAG.finditer(record.strip())}
            if tags.get("v", "").upper() == "DMARC1":
                return tags
    return {}


async def _spf(request: Request, domain: str, policy: dict[str, str], resolver: Answers) -> SpfResult:
    """SPF of the envelope sender, asked only when it is aligned with From: any other answer proves nothing."""
    helo = request.headers.get("helo", "")
    sender = request.headers.get("mail-from", "").strip("<> ") or f"postmaster@{helo}"
    if not _is_aligned(sender.rpartition("@")[2].lower(), domain, strict=policy.get("aspf") == "s"):
        return SpfResult.NONE
    return await check_spf(request.headers.get("peer", ""), sender, helo, resolver)


def _is_aligned(candidate: str, domain: str, *, strict: bool) -> bool:
    candidate = candidate.lower().rstrip(".")
    return bool(candidate) and (candidate == domain or (not strict and organisation(candidate) == organisation(domain)))


def organisation(domain: str) -> str:
    """Give the registered domain that a name belongs to, by the public suffix list."""
    return str(_suffixes().privatesuffix(domain) or domain)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _trusted_verdict(request: Request, account: MailAccount, domain: str, results: list[str]) -> Verification | None:
    """Believe Authentication-Results (RFC 8601) only from a configured server name.

    And only when the peer that handed the mail over is a configured one; anyone can write such a header.
    """
    if not account.trusted_authserv_ids or not _is_trusted_peer(request.headers.get("peer", ""), account.trusted_peers):
        return None
    for value in results:
        line = re.sub(r"\([^()]*\)", " ", headers.unfold(value))
        server, _, rest = line.partition(";")
        if (server.split() or [""])[0].lower() in {name.lower() for name in account.trusted_authserv_ids}:
            return _stated(rest, domain)
    return None


def _stated(rest: str, domain: str) -> Verification:
    verdict = Verification.NONE
    for item in rest.lower().split(";"):
        method = re.match(r"\s*(dmarc|dkim|spf)\s*=\s*(\w+)", item)
        names = re.findall(r"(?:header\.(?:from|d|i)|smtp\.(?:mailfrom|helo))\s*=\s*\"?(?:[^\s\"@]*@)?([^\s\"]+)", item)
        if not method:
            continue
        is_about_sender = any(_is_aligned(name, domain, strict=False) for name in names)
        if method[2] == "pass" and is_about_sender:
            return Verification.ALIGNED
        if method[2] == "temperror" and verdict is Verification.NONE:
            verdict = Verification.TEMPERROR
        elif method[2] != "none":
            verdict = Verification.UNALIGNED
    return verdict


@cache
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


def _is_trusted_peer(peer: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(peer)
        return any(address in _network(network) for network in networks)
    except ValueError:
        return False
