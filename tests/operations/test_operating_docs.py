"""docs/operating.md against the code: every metric, every period, every secret, and an alert for each figure."""

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from gateway.config import Retention
from gateway.web.server import metrics
from gateway.web.server.application import routes

assert metrics, "its import registers the metrics"
DOC = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
METRICS = sorted(
    name
    for collector in REGISTRY._collector_to_names
    for name in [min(REGISTRY._collector_to_names[collector], key=len)]
    if name.startswith("eshnav_")
)
ROWS = {match[1]: match[0] for match in re.finditer(r"^\| `(eshnav_\w+)` \|.*$", DOC, re.MULTILINE)}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_it_means_and_when_to_worry(name):
    (row,) = [line for known, line in ROWS.items() if known.removesuffix("_total") == name]
    assert len([cell for cell in row.strip("|").split("|") if cell.strip()]) == 3


def test_no_metric_is_documented_that_does_not_exist():
    assert {name.removesuffix("_total") for name in ROWS} == set(METRICS)


@pytest.mark.parametrize("name", list(Retention.__dataclass_fields__))
def test_every_period_is_documented_with_its_default(name):
    assert f"`RETENTION_{name.upper()}`, {getattr(Retention(), name)} |" in DOC


SECRETS = ("TWILIO_AUTH_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_TOKEN", "WHATSAPP_VERIFY_TOKEN", "SMTP_RELAY_URL")


@pytest.mark.parametrize("secret", [*SECRETS, "ESHNAV_SECRET"])
def test_changing_every_secret_is_described(secret):
    assert secret in DOC.split("## Changing secrets")[1].split("\n## ")[0]


def test_the_health_page_is_where_the_document_says():
    assert "/operations/health" in {route.path for route in routes()}
