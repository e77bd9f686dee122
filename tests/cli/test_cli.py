"""The command line as people and scripts use it: what it prints, and its exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.domain.messages import Automatic, Event, InboundMessage, MessageKind

RUNNER = CliRunner()
FORM = (
    "MessageSid=SM{0:032d}&AccountSid=AC&From=%2B972501234567&To=%2B15005550006"
    "&Body=%D7%A9%D7%9C%D7%95%D7%9D&NumMedia=0"
)
MAIL = """\
Return-Path: <dana@example.com>
From: Dana <dana@example.com>
To: support@eshnav.localhost
Subject: =?utf-8?B?16nXnNeV150=?=
Message-ID: <one@example.com>
In-Reply-To: <ours-2@eshnav.localhost>
References: <ours-1@eshnav.localhost> <ours-2@eshnav.localhost>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

שלום [b]:email:
"""
WEBHOOK = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "200000000000001",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {"display_phone_number": "15005550011", "phone_number_id": "100000000000001"},
                        "statuses": [
                            {
                                "id": "wamid.1",
                                "status": "delivered",
                                "timestamp": "1700000000",
                                "recipient_id": "972501234567",
                            }
                        ],
                        "messages": [
                            {
                                "id": f"wamid.{number}",
                                "from": "972501234567",
                                "timestamp": "1700000000",
                                "type": "text",
                                "text": {"body": f"שלום {number}"},
                            }
                            for number in (2, 3)
                        ],
                    },
                }
            ],
        }
    ],
}


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch, database_url):
    """Every command sees the tests' database and a data folder of its own."""
    for name in ("TWILIO_ACCOUNT_SID", "WHATSAPP_TOKEN", "MAIL_ADDRESS", "ESHNAV_CONFIG", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ESHNAV_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, stdin: str | None = None):
    return RUNNER.invoke(app, list(arguments), input=stdin)


def parsed(source: str, *files: Path) -> list[dict]:
    result = run("parse", source, "--json", *map(str, files))
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def written(tmp_path: Path, name: str, content: str) -> Path:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path / name


def test_parse_shows_a_text_message(tmp_path):
    file = written(tmp_path, "form", FORM.format(7) + "\n")
    (line,) = parsed("twilio", file)
    assert line["file"] == str(file)
    assert (line["kind"], line["channel"], line["from"], line["to"]) == (
        "message",
        "sms",
        "+972501234567",
        "+15005550006",
    )
    assert (line["text"], line["full_text"], line["provider_id"]) == ("שלום", "שלום", f"SM{7:032d}")
    assert line["failed_address"] is line["status"] is line["dsn"] is None


def test_parse_shows_every_event_of_a_batch(tmp_path):
    lines = parsed("whatsapp", written(tmp_path, "webhook.json", json.dumps(WEBHOOK)))
    assert sorted((line["kind"], line["provider_id"]) for line in lines) == [
        ("message", "wamid.2"),
        ("message", "wamid.3"),
        ("status", "wamid.1"),
    ]
    assert {line["status"] for line in lines if line["kind"] == "status"} == {"delivered"}


def test_parse_shows_a_mail_with_its_thread(tmp_path):
    (line,) = parsed("mail", written(tmp_path, "one.eml", MAIL))
    assert (line["kind"], line["from"], line["subject"], line["text"]) == (
        "message",
        "dana@example.com",
        "שלום",
        "שלום [b]:email:",
    )
    assert line["in_reply_to"] == "ours-2@eshnav.localhost"
    assert line["references"] == ["ours-1@eshnav.localhost", "ours-2@eshnav.localhost"]


def test_parse_for_people_shows_the_words_as_they_were_written(tmp_path):
    result = run("parse", "mail", str(written(tmp_path, "one.eml", MAIL)))
    assert result.exit_code == 0
    assert "שלום [b]:email:" in result.stdout


def test_parse_says_when_a_file_could_not_be_understood(tmp_path):
    result = run("parse", "whatsapp", "--json", str(written(tmp_path, "x.json", "{}")))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["kind"] == "unknown"


def test_an_answering_machine_is_no_message():
    from gateway.cli.view import event_line
    from gateway.domain.messages import Sender
    from gateway.domain.people import mailto

    event = InboundMessage(
        endpoint="smtp:email:a@b.c",
        provider_id="1",
        sender=Sender(address=mailto("x@y.z")),
        automatic=Automatic.AUTO_REPLY,
    )
    assert event_line("f", event)["kind"] == "auto_reply"


@pytest.mark.parametrize("event_type", list(Event.__subclasses__()), ids=lambda kind: kind.__name__)
def test_every_kind_of_event_has_a_line_with_the_same_fields(event_type):
    from gateway.cli.view import event_line
    from gateway.domain import messages as events
    from gateway.domain.outbox import Status
    from gateway.domain.people import tel

    sender = events.Sender(address=tel("+972501234567"))
    fields = {
        "InboundMessage": {"sender": sender, "kind": MessageKind.TEXT},
        "StatusUpdate": {"status": Status.SENT},
        "BounceReport": {"failed_address": None},
        "ConsentSignal": {"sender": sender, "wish": events.ConsentWish.STOP},
        "NumberChange": {"old": tel("+1"), "new": tel("+2")},
        "UnknownEvent": {"reason": "?"},
    }[event_type.__name__]
    line = event_line("f", event_type(endpoint="", provider_id="1", **fields))
    reference = event_line("f", events.UnknownEvent(endpoint="", provider_id="1", reason="?"))
    assert list(line) == list(reference)
    assert line["kind"] in {"message", "status", "bounce", "complaint", "auto_reply", "consent", "unknown"}
    json.dumps(line)


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        pytest.param("a" * 160, "GSM-7", 1, id="a full single segment"),
        pytest.param("a" * 161, "GSM-7", 2, id="one more"),
        pytest.param("ש" * 71, "UCS-2", 2, id="Hebrew holds 70"),
    ],
)
def test_segments_are_counted_line_by_line(text, encoding, count):
    result = run("segments", stdin=json.dumps(text) + "\n")
    assert json.loads(result.stdout) == {"encoding": encoding, "segments": count}


def test_segments_go_on_after_a_line_that_is_no_text():
    result = run("segments", stdin='nonsense\n"ok"\n')
    assert result.exit_code == 1
    assert [*map(json.loads, result.stdout.splitlines())][1] == {"encoding": "GSM-7", "segments": 1}


async def test_a_token_is_printed_alone_and_works(pool):
    from gateway.access.accounts import find_token

    printed = command("token", "create", "reports", "--scope", "cases:read")
    token = await find_token(pool, printed.stdout.strip())
    assert token.name == "reports"
    assert printed.stdout.count("\n") == 1


async def test_users_are_made_listed_and_given_passwords(pool):
    from gateway.access.accounts import log_in

    password = command("user", "create", "dana@example.org", "--name", "דנה", "--role", "admin").stdout.strip()
    assert (await log_in(pool, email="dana@example.org", password=password, peer="test")).session.agent.name == "דנה"
    assert "dana@example.org" in command("user", "list").stdout
    command("user", "password", "dana@example.org", "--password-stdin", stdin="a long enough one\n")
    await log_in(pool, email="dana@example.org", password="a long enough one", peer="test")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["nonsense"], 2, id="no such command"),
        pytest.param(["parse", "fax", "x"], 2, id="no such channel"),
        pytest.param(["parse", "mail", "missing.eml"], 2, id="no such file"),
        pytest.param(["token", "create", "x", "--scope", "everything"], 2, id="no such scope"),
        pytest.param(["token", "create", "x"], 2, id="a token that may do nothing"),
        pytest.param(["user", "password", "nobody@example.org"], 1, id="nobody by that name"),
        pytest.param(["user", "create", "no-mailbox"], 2, id="a login that is no mailbox"),
        pytest.param(["--help"], 0, id="help"),
    ],
)
@pytest.mark.usefixtures("pool")
def test_exit_codes_say_what_went_wrong(arguments, code):
    assert run(*arguments).exit_code == code


def test_wrong_configuration_is_listed_whole_and_exits_with_2(monkeypatch):
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("DEFAULT_LANGUAGE", "fr")
    result = run("user", "list")
    assert result.exit_code == 2
    assert "PORT" in result.stderr
    assert "DEFAULT_LANGUAGE" in result.stderr


@pytest.mark.usefixtures("pool")
def test_importing_reports_and_fails_when_a_row_is_bad(tmp_path):
    file = written(tmp_path, "people.csv", "phone\n0501234567\nx\n")
    result = run("import", "contacts", str(file))
    assert result.exit_code == 1
    assert re.search(r"1 new, 0 known, 0 merged, 1 rejected", result.stdout)
    assert "line 3" in result.stderr


def command(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, for tests whose loop is already running."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments], input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done
