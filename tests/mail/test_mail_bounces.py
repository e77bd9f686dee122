"""Bounces, complaints and delays are told from people's mail, one event for every recipient they speak of."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.contract import Request
from channels.email import mime
from channels.email.adapter import EmailAdapter
from channels.email.bounce_reason import meaning_of, status_code
from gateway.domain.messages import Automatic, BounceReport, InboundMessage, StatusUpdate
from gateway.domain.outbox import Status

PAYLOADS = Path(__file__).parent.parent / "payloads" / "mail"
REAL = Path(__file__).parents[3] / "shared" / "data" / "bounces"


@pytest.fixture
def parse(account):
    adapter = EmailAdapter(account)

    def read(raw: bytes, **envelope):
        headers = {name.replace("_", "-"): value for name, value in envelope.items()}
        received_at = datetime(2026, 3, 1, tzinfo=UTC)
        return adapter.parse(
            adapter.unpack(Request(method="MAIL", target="", headers=headers, body=raw, received_at=received_at))
        )

    return read


def test_a_standard_report_gives_one_event_per_recipient(parse):
    events = parse((PAYLOADS / "bounce-standard.eml").read_bytes())
    gone, full, fine, slow = events
    assert [type(event) for event in events] == [BounceReport, BounceReport, StatusUpdate, BounceReport]
    assert (str(gone.failed_address), gone.dsn, gone.hard) == ("mailto:dana@example.org", "5.1.1", True)
    assert gone.original_provider_id == "eshnav.5.0000000000000000@example.com"
    assert "no such mailbox" in gone.reason
    assert (full.dsn, full.hard) == ("5.2.2", False)
    assert (fine.status, str(fine.recipient)) == (Status.DELIVERED, "mailto:fine@example.net")
    assert (slow.dsn, slow.hard) == ("4.4.1", False)
    assert len({event.provider_id for event in events}) == 4


def test_a_notice_in_words_gives_one_event_per_recipient(parse):
    nobody, full = parse((PAYLOADS / "bounce-words.eml").read_bytes())
    assert (str(nobody.failed_address), nobody.dsn, nobody.hard) == ("mailto:nobody@example.org", "5.1.1", True)
    assert (str(full.failed_address), full.dsn, full.hard) == ("mailto:full@example.org", "4.2.2", False)
    assert nobody.original_provider_id == "eshnav.6.1111111111111111@example.com"


def test_a_complaint_is_no_bounce(parse):
    (event,) = parse((PAYLOADS / "complaint.eml").read_bytes())
    assert (event.complaint, event.hard, str(event.failed_address)) == (True, False, "mailto:dana@example.net")
    assert event.original_provider_id == "eshnav.7.2222222222222222@example.com"


def test_a_delay_is_soft(parse):
    (event,) = parse((PAYLOADS / "delay-zoho-like.eml").read_bytes())
    assert (str(event.failed_address), event.dsn, event.hard) == ("mailto:slow@example.org", "4.0.0", False)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(
            "From: Dana <dana@example.net>\r\nSubject: Undelivered Mail Returned to Sender", id="a person's subject"
        ),
        pytest.param("From: Dana <dana@example.net>\r\nSubject: Fwd: failure notice", id="a person forwards one"),
    ],
)
def test_a_person_who_writes_about_a_bounce_is_no_bounce(parse, head):
    raw = f"{head}\r\nMessage-ID: <p@example.net>\r\n\r\nI got this: 550 5.1.1 <you@example.org> user unknown".encode()
    (event,) = parse(raw, mail_from="dana@example.net")
    assert isinstance(event, InboundMessage)
    assert event.automatic is None


def test_a_machine_that_says_nothing_of_failure_is_only_automatic(parse):
    raw = (
        b"From: postmaster@example.net\r\nSubject: Your weekly quota\r\nMessage-ID: <p@example.net>\r\n\r\nAll is well."
    )
    (event,) = parse(raw, mail_from="postmaster@example.net")
    assert event.automatic is Automatic.AUTO_REPLY


@pytest.mark.parametrize(
    ("words", "dsn", "nobody_there"),
    [
        ("550 5.1.1 User unknown", "5.1.1", True),
        ("550 No such user here", "5.0.0", True),
        ("552 5.2.2 Over quota", "5.2.2", False),
        ("550 5.2.1 The email account that you tried to reach is disabled", "5.2.1", False),
        ("Host or domain name not found. Name service error", "5.4.4", True),
        ("554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org", "5.7.1", False),
        ("550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "5.7.26", False),
        ("551 5.1.6 recipient no longer on server", "5.1.6", True),
        ("something else", None, False),
    ],
)
def test_words_and_codes_say_whether_anybody_is_there(words, dsn, nobody_there):
    assert meaning_of(words, dsn).nobody_there is nobody_there


@pytest.mark.parametrize(
    ("stated", "diagnostic", "is_temporary", "expected"),
    [
        pytest.param("5.0.0", "550 5.1.1 unknown", False, "5.1.1", id="the diagnostic says more"),
        pytest.param("5.2.2", "550 5.1.1 unknown", False, "5.2.2", id="a stated code that says something stands"),
        pytest.param(None, "421 try later", False, "4.0.0", id="the reply code alone"),
        pytest.param(None, "nothing", True, "4.0.0", id="a delay"),
        pytest.param(None, "host [5.1.1.7] said no", False, "5.0.0", id="an IP address is no code"),
    ],
)
def test_one_status_code_is_settled_on(stated, diagnostic, is_temporary, expected):
    assert status_code(stated, diagnostic, is_temporary=is_temporary) == expected


def kind_of(events) -> str:
    first = events[0]
    if isinstance(first, InboundMessage):
        return "vacation" if first.automatic else "person"
    return "delivered" if isinstance(first, StatusUpdate) else "feedback" if first.complaint else "bounce"


def test_real_bounces_are_read(parse):
    if not REAL.exists():
        pytest.skip("the real bounces are not beside this checkout")
    expected = json.loads((REAL / "expected.json").read_text())
    right = dict.fromkeys(("kind", "count", "address", "code", "hard"), 0)
    total = dict.fromkeys(right, 0)
    for name, rows in expected.items():
        raw = (REAL / name).read_bytes()
        return_path = " ".join(mime.read(raw).fields.all("return-path"))
        events = parse(raw, **({"mail_from": ""} if "<>" in return_path else {}))
        wanted = rows[0]["reason"] if rows[0]["reason"] in {"vacation", "feedback", "delivered"} else "bounce"
        checks = [("kind", kind_of(events) == wanted), ("count", len(events) == len(rows))]
        for row, event in zip(rows, events, strict=False):
            if wanted == "bounce" and isinstance(event, BounceReport):
                checks += [("address", event.failed_address is not None), ("hard", event.hard is row["hardbounce"])]
                # Codes of the form 5.0.9xx are the material's own; of those only the class is real.
                checks.append(
                    ("code", event.dsn[0] == row["dsn"][0] if ".0.9" in row["dsn"] else event.dsn == row["dsn"])
                )
        for check, holds in checks:
            total[check] += 1
            right[check] += holds
    shares = {check: right[check] / total[check] for check in total}
    assert shares["kind"] == shares["count"] == shares["address"] == 1.0
    assert shares["code"] >= 0.97
    assert shares["hard"] >= 0.93
