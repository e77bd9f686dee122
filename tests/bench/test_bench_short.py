"""Every row of `make bench`, tiny: that each is measured and nothing is lost, not how fast this machine is today."""

import json
import sys

import pytest
from rich.console import Console

from gateway.bench.main import Sizes, run_bench

TINY = Sizes(
    contacts=400, requests=150, stored=2_000, sends=150, bulk=200, paced_seconds=0.5, mails=40, messages=300, rounds=1
)
LOST_NOTHING = (
    "webhooks acknowledged but not stored",
    "webhooks without a reply",
    "mails answered 250 but not stored",
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    if sys.platform != "linux":
        pytest.skip("memory is read from Linux's /proc")
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    run_bench(file, Console(quiet=True), TINY)
    return json.loads(file.read_bytes())


def test_every_row_of_the_table_is_measured_against_its_bar(rows):
    assert [(row["row"], row["unit"], row["bar"]) for row in rows if row["bar"] is not None] == [
        ("inbound Twilio webhooks ÷ bare verifying handler", "ratio", 0.5),
        ("the same with 2,000 stored messages ÷ with none", "ratio", 0.9),
        ("webhooks acknowledged but not stored", "messages", 0),
        ("mails taken over SMTP ÷ aiosmtpd that drops them", "ratio", 0.3),
        ("mails answered 250 but not stored", "mails", 0),
        ("memory idle, shared pages counted once (PSS)", "MB", 350),
        ("growth over 300 messages (PSS)", "%", 10),
        ("reply latency, p50", "ms", 50),
        ("reply latency, p99", "ms", 300),
        ("webhooks without a reply", "messages", 0),
        ("sends through Twilio ÷ bare client", "ratio", 0.7),
        ("sends through WhatsApp Cloud ÷ bare client", "ratio", 0.7),
    ]


def test_every_figure_says_whether_it_holds(rows):
    for row in rows:
        assert set(row) == {"row", "value", "unit", "bar", "holds"}
        assert row["holds"] is None if row["bar"] is None else isinstance(row["holds"], bool)
        assert row["value"] > 0 or row["bar"] in (0, 10) or row["row"].startswith("bulk deliveries"), row


@pytest.mark.parametrize("name", LOST_NOTHING)
def test_nothing_is_lost_while_it_is_measured(rows, name):
    assert next(row["value"] for row in rows if row["row"] == name) == 0
