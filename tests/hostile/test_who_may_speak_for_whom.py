"""Mail claims to be from somebody: whose thread it lands in, and what is answered, for every mixture of proofs."""

import base64
import re
import subprocess
from datetime import timedelta
from itertools import product

import dkim
import pytest
from mail_kit import Lookup
from post_office import PEER, as_if_from, post_office

from gateway.runtime import clock

SPF = {"pass": f"v=spf1 ip4:{PEER} -all", "fail": "v=spf1 -all", "none": None}
DKIM = ("pass", "fail", "none")
DMARC = {"reject": "v=DMARC1; p=reject", "watch": "v=DMARC1; p=none", "absent": None}
WHO = ("known", "known, with own token", "stranger, with another's token", "stranger")
CASES = tuple(product(SPF, DKIM, DMARC, WHO))


@pytest.fixture(scope="module")
def key() -> tuple[bytes, str]:
    private = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], capture_output=True, check=True).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, capture_output=True, check=True
    ).stdout
    return private, "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


@pytest.fixture
async def post(pool, tmp_path, monkeypatch):
    as_if_from(monkeypatch, PEER)
    async with post_office(pool, tmp_path) as post:
        yield post


def domain_of(case: int) -> str:
    return f"firm{case}.co.il"


def written(case: int, kind: str, private: bytes) -> bytes:
    domain = domain_of(case)
    head = f"From: Dana <dana@{domain}>\r\nTo: support@shop.example\r\nSubject: walrus{case}\r\n".encode()
    mail = head + f"Message-ID: <m{case}@{domain}>\r\n\r\nzebrafish{case} has eaten my router\r\n".encode()
    if kind == "none":
        return mail
    signed = dkim.sign(mail, b"s1", domain.encode(), private, include_headers=[b"from", b"subject"]) + mail
    return signed if kind == "pass" else signed.replace(b"has eaten", b"has bitten")


def published(record: str) -> Lookup:
    records = {}
    for case, (spf, _, dmarc, _) in enumerate(CASES):
        domain = domain_of(case)
        records[f"s1._domainkey.{domain}", "TXT"] = [record]
        if SPF[spf]:
            records[domain, "TXT"] = [SPF[spf]]
        if DMARC[dmarc]:
            records[f"_dmarc.{domain}", "TXT"] = [DMARC[dmarc]]
    return Lookup(records)


def expected(spf: str, signature: str, dmarc: str) -> str:
    if "pass" in (spf, signature):
        return "aligned"
    return "none" if (spf, signature, dmarc) == ("none", "none", "absent") else "unaligned"


async def test_of_all_108_mixtures_only_proof_joins_a_customer(post, key):
    post.resolver.records |= published(key[1]).records
    victim = await post.know("victim@elsewhere.co.il")
    own = {}
    for case, (spf, signature, dmarc, who) in enumerate(CASES):
        address = f"dana@{domain_of(case)}"
        own[case] = await post.know(address) if who.startswith("known") else None
        token = {"known, with own token": own[case], "stranger, with another's token": victim}.get(who)
        to = post.token_address(token) if token else ""
        answer = await post.send(written(case, signature, key[0]), sender=f"bounce@{domain_of(case)}", to=to)
        assert answer.startswith("250"), (spf, signature, dmarc, who)

    came = {int(row["provider_id"].partition("@")[0][1:]): row for row in await post.inbound()}
    answered = {row["because_of"]: row for row in await post.answers()}
    assert len(came) == len(CASES) == 108
    for case, (spf, signature, dmarc, who) in enumerate(CASES):
        row, verdict = came[case], expected(spf, signature, dmarc)
        assert row["verification"] == verdict, (case, CASES[case])
        assert (row["conversation_id"] == own[case]) == (verdict == "aligned" and who.startswith("known")), CASES[case]
        assert row["proven"] == (verdict == "aligned"), CASES[case]
        reply = answered[row["id"]]
        assert (reply["uri"], reply["proven"]) == (row["uri"], row["proven"]), CASES[case]
        if verdict == "aligned":
            assert (reply["template"], reply["subject"]) == ("case.opened", f"Re: walrus{case}"), CASES[case]
        else:
            assert reply["template"] == "unverified.received", CASES[case]
            assert not re.search(r"zebrafish|walrus|router|Dana", f"{reply['subject']} {reply['text']}"), CASES[case]
    assert not [row for row in came.values() if row["conversation_id"] == victim]
    assert await post.pool.fetchval("SELECT count(DISTINCT conversation_id) FROM message") == 108


def mail(sender: str, body: str = "hello there, my router is on fire", **fields: str) -> str:
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    identity = f"<{abs(hash((sender, body, lines)))}@x.co.il>"
    return f"From: {sender}\nTo: support@shop.example\nMessage-ID: {identity}\n{lines}\n{body}\n"


async def vouch(post, *domains: str) -> None:
    post.resolver.records |= {(domain, "TXT"): [SPF["pass"]] for domain in domains}


async def test_a_known_message_id_in_reply_to_opens_nobodys_thread(post):
    await vouch(post, "firm.co.il", "attacker.co.il")
    await post.send(mail("dana@firm.co.il"), sender="dana@firm.co.il")
    [real] = [row["provider_id"] for row in await post.inbound()]
    [ours] = await post.answers()
    for sender in ("eve@attacker.co.il", "eve@nothing.co.il"):
        forged = mail(
            sender, "send me the invoice", In_Reply_To=f"<{real}>", References=f"<{real}>", Subject=ours["subject"]
        )
        assert (await post.send(forged, sender=sender)).startswith("250")
    threads = [row["conversation_id"] for row in await post.inbound()]
    assert len(set(threads)) == 3


async def test_a_forged_or_expired_token_is_no_address(post):
    thread = await post.know("dana@firm.co.il")
    addresses = {
        "signed with another secret": post.token_address(thread, secret="x" * 32),
        "expired": post.token_address(thread, now=clock.now() - timedelta(days=401)),
        "the bare number": f"support+{thread}@shop.example",
        "of another mailbox": post.token_address(thread).replace("support", "billing"),
        "on another domain": post.token_address(thread).replace("shop", "other"),
    }
    answers = {name: await post.send(mail("eve@attacker.co.il"), to=address) for name, address in addresses.items()}
    assert answers == dict.fromkeys(addresses, "550")
    assert await post.inbound() == []


async def test_a_token_named_in_a_header_only_moves_nothing(post):
    await vouch(post, "attacker.co.il")
    thread = await post.know("victim@firm.co.il")
    forged = mail("eve@attacker.co.il", Cc=post.token_address(thread), X_Original_To=post.token_address(thread))
    await post.send(forged, sender="eve@attacker.co.il")
    [row] = await post.inbound()
    assert row["conversation_id"] != thread


async def test_reply_to_is_nobodys_identity_and_no_address_to_answer(post):
    await vouch(post, "attacker.co.il")
    thread = await post.know("victim@firm.co.il")
    await post.send(mail("eve@attacker.co.il", Reply_To="victim@firm.co.il"), sender="eve@attacker.co.il")
    [row], [answer] = await post.inbound(), await post.answers()
    assert row["conversation_id"] != thread
    assert answer["uri"] == row["uri"] == "mailto:eve@attacker.co.il"


async def test_mail_from_an_agents_address_is_a_customers_mail(post):
    await vouch(post, "firm.co.il")
    await post.pool.execute(
        "INSERT INTO agent (email, name, password_hash, role) VALUES ('noa@firm.co.il', 'Noa', 'x', 'admin')"
    )
    customer = await post.know("victim@firm.co.il")
    text = "/resolve\n#assign noa\nreply to the customer: your refund is granted"
    await post.send(mail("noa@firm.co.il", text), sender="noa@firm.co.il", to=post.token_address(customer))
    [row] = await post.inbound()
    assert (row["direction"], row["uri"]) == ("inbound", "mailto:noa@firm.co.il")
    assert row["conversation_id"] != customer
    assert not [answer for answer in await post.answers() if answer["conversation_id"] == customer]


@pytest.mark.parametrize(
    ("body", "is_stopped"),
    [
        pytest.param("STOP", True, id="a stop counts, for campaigns"),
        pytest.param("START", False, id="a start does not"),
    ],
)
async def test_forged_mail_can_stop_campaigns_only_and_start_nothing(post, body, is_stopped):
    await post.know("victim@firm.co.il")
    opted_out = "SELECT opted_out FROM address WHERE uri = 'mailto:victim@firm.co.il' AND proven"
    if not is_stopped:
        await post.pool.execute("UPDATE address SET opted_out = '{any}' WHERE proven")
    await post.send(mail("victim@firm.co.il", body), sender="eve@attacker.co.il")
    found = await post.pool.fetchval(opted_out)
    assert found == ["any"] if not is_stopped else "marketing" in found and "reply" not in found


WRITINGS = {
    "two addresses": "victim@firm.co.il, eve@attacker.co.il",
    "CVE-2023-27043": "victim@firm.co.il)eve@attacker.co.il",
    "a name that looks like an address": '"victim@firm.co.il" <eve@attacker.co.il>',
    "two readings": "<victim@firm.co.il>eve@attacker.co.il",
    "two From": "victim@firm.co.il\nFrom: eve@attacker.co.il",
    "two From, the other way round": "eve@attacker.co.il\nFrom: victim@firm.co.il",
    "an encoded name": "=?utf-8?q?victim=40firm.co.il?= <eve@attacker.co.il>",
    "an encoded address": "=?utf-8?q?victim=40firm.co.il?=",
    "a bare address as name": "victim@firm.co.il <eve@attacker.co.il>",
    "an open bracket": "eve@attacker.co.il <victim@firm.co.il",
    "NUL": "victim@firm.co.il\x00@attacker.co.il",
    "two at signs": "victim@FIRM.co.il@attacker.co.il",
    "a comment": "(victim@firm.co.il) eve@attacker.co.il",
    "a group": "group: victim@firm.co.il;, eve@attacker.co.il",
    "an invisible letter": "victim@fi\u200brm.co.il",
    "a longer domain": "victim@firm.co.il.attacker.co.il",
}


async def test_no_writing_of_from_speaks_for_somebody_else(post):
    await vouch(post, "attacker.co.il")
    thread = await post.know("victim@firm.co.il")
    for name, sender in WRITINGS.items():
        assert (await post.send(mail(sender, name), sender="eve@attacker.co.il")).startswith("250"), name
    came = await post.inbound()
    assert [row["text"] for row in came] == list(WRITINGS)
    for row in came:
        assert row["conversation_id"] != thread, row["text"]
        assert not row["proven"] or row["uri"].endswith("attacker.co.il"), row["text"]
