"""A sender is believed only when SPF or DKIM proves the domain in From; the rest is told apart honestly and quickly."""

import base64
import subprocess
from dataclasses import replace

import dkim
import pytest
from mail_kit import Lookup

from channels.email.authentication import gather, organisation
from channels.email.verdict import judge
from gateway.domain.messages import Verification

ALIGNED, UNALIGNED, NONE, TEMPERROR = (
    Verification.ALIGNED,
    Verification.UNALIGNED,
    Verification.NONE,
    Verification.TEMPERROR,
)
HEAD = b"From: Dana <dana@shop.co.il>\r\nTo: support@example.com\r\nSubject: hi\r\n"
BODY = b"\r\nhello\r\n"
PEER = "93.184.216.34"


def make_key(bits: int) -> tuple[bytes, str]:
    private = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], capture_output=True, check=True).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, capture_output=True, check=True
    ).stdout
    return private, "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


@pytest.fixture(scope="module")
def key():
    return make_key(2048)


@pytest.fixture(scope="module")
def small_key():
    return make_key(512)


def signed(private: bytes, *, domain: bytes = b"shop.co.il", body: bytes = BODY, **options) -> bytes:
    return (
        dkim.sign(HEAD + body, b"s1", domain, private, include_headers=[b"from", b"to", b"subject"], **options)
        + HEAD
        + body
    )


SPF = {
    "pass": {("shop.co.il", "TXT"): [f"v=spf1 ip4:{PEER} -all"]},
    "fail": {("shop.co.il", "TXT"): ["v=spf1 -all"]},
    "none": {},
}
DMARC = {"published": {("_dmarc.shop.co.il", "TXT"): ["v=DMARC1; p=reject"]}, "absent": {}}


@pytest.mark.parametrize("dmarc", DMARC)
@pytest.mark.parametrize("signature", ["good", "broken", "foreign", "none"])
@pytest.mark.parametrize("spf", SPF)
async def test_the_verdict_of_every_mixture(account, mail, key, spf, signature, dmarc):
    private, record = key
    raw = {
        "good": signed(private),
        "broken": signed(private).replace(b"hello", b"goodbye"),
        "foreign": signed(private, domain=b"mailer.net"),
        "none": HEAD + BODY,
    }[signature]
    names = {("s1._domainkey.shop.co.il", "TXT"): [record], ("s1._domainkey.mailer.net", "TXT"): [record]}
    resolver = Lookup(SPF[spf] | DMARC[dmarc] | names)
    request = mail(raw, peer=PEER, mail_from="bounces@shop.co.il")
    verdict = judge(raw, await gather(request, account, resolver))
    if spf == "pass" or signature == "good":
        assert verdict is ALIGNED
    elif dmarc == "published" or spf == "fail" or signature != "none":
        assert verdict is UNALIGNED
    else:
        assert verdict is NONE


async def verdict_of(mail, account, raw, resolver, **envelope):
    request = mail(raw, **{"peer": PEER, "mail_from": "dana@shop.co.il"} | envelope)
    return judge(raw, await gather(request, account, resolver))


@pytest.mark.parametrize(
    ("sender", "helo", "policy", "expected"),
    [
        pytest.param("x@bounces.shop.co.il", "h", "p=none", ALIGNED, id="a subdomain is aligned"),
        pytest.param("x@bounces.shop.co.il", "h", "p=none; aspf=s", UNALIGNED, id="but not under a strict policy"),
        pytest.param("x@other.co.il", "h", "p=none", UNALIGNED, id="a neighbour under co.il is not"),
        pytest.param("x@evilshop.co.il", "h", "p=none", UNALIGNED, id="nor one that ends alike"),
        pytest.param("", "bounces.shop.co.il", "p=none", ALIGNED, id="a null sender is judged by its greeting"),
        pytest.param("", "other.co.il", "p=none", UNALIGNED, id="a null sender from elsewhere"),
    ],
)
async def test_a_pass_counts_only_for_the_domain_in_from(mail, account, sender, helo, policy, expected):
    names = {(name, "TXT"): ["v=spf1 +all"] for name in ("bounces.shop.co.il", "other.co.il", "evilshop.co.il")}
    resolver = Lookup(names | {("_dmarc.shop.co.il", "TXT"): [f"v=DMARC1; {policy}"]})
    assert await verdict_of(mail, account, HEAD + BODY, resolver, mail_from=sender, helo=helo) is expected


@pytest.mark.parametrize(
    "record",
    [
        pytest.param("v=spf1 a:a.test a:b.test a:c.test +all", id="more than two void lookups"),
        pytest.param(
            "v=spf1 " + " ".join(f"include:n{n}.test" for n in range(11)) + " +all", id="more than ten lookups"
        ),
        pytest.param("v=spf1 include:shop.co.il +all", id="a loop"),
        pytest.param("v=spf1 nonsense:x +all", id="a syntax error"),
        pytest.param("v=spf1 ?all", id="neutral"),
    ],
)
async def test_a_faulty_spf_record_proves_nothing(mail, account, record):
    names = {(f"n{n}.test", "TXT"): ["v=spf1 ip4:192.0.2.1"] for n in range(11)}
    resolver = Lookup(names | {("shop.co.il", "TXT"): [record]})
    assert await verdict_of(mail, account, HEAD + BODY, resolver) is UNALIGNED
    assert len(resolver.asked) < 30


async def test_spf_follows_mx_a_and_include(mail, account):
    names = {
        ("shop.co.il", "TXT"): ["v=spf1 include:_spf.shop.co.il -all"],
        ("_spf.shop.co.il", "TXT"): ["v=spf1 mx ~all"],
        ("_spf.shop.co.il", "MX"): ["10 mx.shop.co.il."],
        ("mx.shop.co.il", "A"): [PEER],
    }
    assert await verdict_of(mail, account, HEAD + BODY, Lookup(names)) is ALIGNED


async def test_a_peer_on_this_machine_proves_nothing(mail, account):
    resolver = Lookup({("shop.co.il", "TXT"): ["v=spf1 +all"]})
    assert await verdict_of(mail, account, HEAD + BODY, resolver, peer="127.0.0.1") is NONE


async def test_a_small_key_proves_nothing(mail, account, small_key):
    private, record = small_key
    raw = signed(private, signature_algorithm=b"rsa-sha256")
    resolver = Lookup({("s1._domainkey.shop.co.il", "TXT"): [record]})
    assert await verdict_of(mail, account, raw, resolver) is UNALIGNED


async def test_a_signature_over_part_of_the_body_proves_nothing(mail, account, key):
    private, record = key
    raw = signed(private, length=True) + b"added by somebody\r\n"
    resolver = Lookup({("s1._domainkey.shop.co.il", "TXT"): [record]})
    assert await verdict_of(mail, account, raw, resolver) is UNALIGNED


async def test_a_second_from_proves_nothing(mail, account, key):
    private, record = key
    raw = b"From: boss@shop.co.il\r\n" + signed(private)
    resolver = Lookup({("s1._domainkey.shop.co.il", "TXT"): [record], ("shop.co.il", "TXT"): ["v=spf1 +all"]})
    assert await verdict_of(mail, account, raw, resolver) is UNALIGNED


async def test_the_key_may_be_from_the_second_signature(mail, account, key):
    private, record = key
    own = signed(private)
    raw = signed(private, domain=b"mailer.net")[: -len(HEAD + BODY)] + own
    resolver = Lookup({("s1._domainkey.shop.co.il", "TXT"): [record]})
    assert await verdict_of(mail, account, raw, resolver) is ALIGNED


@pytest.mark.parametrize("down", ["*", "shop.co.il", "_dmarc.shop.co.il", "s1._domainkey.shop.co.il"])
async def test_a_dns_that_is_down_is_said_to_be_down(mail, account, key, down):
    resolver = Lookup(down=frozenset({down}))
    assert await verdict_of(mail, account, signed(key[0]), resolver) is TEMPERROR


async def test_no_dns_is_asked_about_names_that_have_none(mail, account):
    resolver = Lookup(down=frozenset({"*"}))
    raw = HEAD.replace(b"shop.co.il", b"example.org") + BODY
    assert await verdict_of(mail, account, raw, resolver, mail_from="dana@example.org") is NONE
    assert resolver.asked == []


RESULTS = b"Authentication-Results: mx.relay.test; dmarc=pass header.from=shop.co.il\r\n"


@pytest.mark.parametrize(
    ("results", "peer", "expected"),
    [
        pytest.param(RESULTS, "10.1.2.3", ALIGNED, id="from the relay"),
        pytest.param(RESULTS, "10.9.9.9", NONE, id="from any other peer"),
        pytest.param(RESULTS.replace(b"mx.relay", b"mx.evil"), "10.1.2.3", NONE, id="from any other name"),
        pytest.param(RESULTS.replace(b"pass", b"fail"), "10.1.2.3", UNALIGNED, id="a failure"),
        pytest.param(
            RESULTS.replace(b"shop.co.il", b"evil.co.il"), "10.1.2.3", UNALIGNED, id="a pass of another domain"
        ),
        pytest.param(RESULTS.replace(b"pass", b"temperror"), "10.1.2.3", TEMPERROR, id="no answer there"),
        pytest.param(RESULTS.replace(b"pass", b"none"), "10.1.2.3", NONE, id="nothing published"),
        pytest.param(
            b"Authentication-Results: mx.relay.test; dkim=pass header.d=shop.co.il; spf=fail smtp.mailfrom=x@y.com\r\n",
            "10.1.2.3",
            ALIGNED,
            id="one aligned pass is enough",
        ),
        pytest.param(
            b"Authentication-Results: mx.relay.test; dkim=fail (dkim=pass header.d=shop.co.il)\r\n",
            "10.1.2.3",
            UNALIGNED,
            id="a comment says nothing",
        ),
        pytest.param(RESULTS.replace(b"pass", b"fail") + RESULTS, "10.1.2.3", UNALIGNED, id="only the topmost counts"),
    ],
)
async def test_results_are_believed_only_from_a_configured_relay(mail, account, results, peer, expected):
    account = replace(account, trusted_authserv_ids=("mx.relay.test",), trusted_peers=("10.1.0.0/16",))
    assert await verdict_of(mail, account, results + HEAD + BODY, Lookup(), peer=peer) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail.shop.co.il", "shop.co.il"),
        ("shop.com", "shop.com"),
        ("a.b.github.io", "b.github.io"),
        ("x.y.unlisted", "y.unlisted"),
    ],
)
def test_the_organisation_of_a_name(name, expected):
    assert organisation(name) == expected


async def test_dns_that_does_not_answer_costs_little_and_then_nothing():
    import time

    from channels.email.resolver import Dns
    from channels.email.spf import DnsDown

    dns = Dns()
    if dns._resolver is not None:
        dns._resolver.nameservers = ["127.0.0.1"]
        dns._resolver.port = 9
        dns._resolver.lifetime = dns._resolver.timeout = 0.3
    started = time.perf_counter()
    with pytest.raises(DnsDown):
        await dns.resolve("shop.co.il", "TXT")
    assert time.perf_counter() - started < 2
    started = time.perf_counter()
    with pytest.raises(DnsDown):
        await dns.resolve("another.co.il", "TXT")
    assert time.perf_counter() - started < 0.2
