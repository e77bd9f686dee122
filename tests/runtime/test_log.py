"""Logs: canaries sent through every way a value can reach a line, none of which may come out."""

import io
import json
import logging

import pytest
import structlog

from gateway.config import load_settings
from gateway.runtime.clock import now
from gateway.runtime.log import redact, set_up_logging, without_people


@pytest.fixture(params=["json", "console"])
def written(request, tmp_path):
    stream = io.StringIO()
    set_up_logging(load_settings({"ESHNAV_DATA": str(tmp_path), "LOG_FORMAT": request.param}), stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.basicConfig(handlers=[], force=True)


def test_canaries_do_not_reach_a_line(written):
    log = structlog.get_logger("gateway.test")
    log.info("sent", auth_token="canary-1", nested={"Authorization": "Bearer canary-2"}, text="canary-3 שלום")
    log.warning("failed", error="relay smtp://user:canary-4@relay.example.org refused; token=canary-5")
    logging.getLogger("a.library").error("X-Hub-Signature-256: canary-6 from %s", "dana.canary7@example.com")
    try:
        int("password: 'canary-8' for +972501234567")
    except ValueError:
        log.exception("boom", to="tel:+972501234567", mailbox="mailto:dana.canary9@example.com")
    shown = written.getvalue()
    assert "canary-" not in shown
    assert "canary7" not in shown
    assert "canary9" not in shown
    assert "501234567" not in shown
    assert "…4567" in shown
    assert "…@example.com" in shown


def test_json_lines_carry_level_logger_and_time(tmp_path):
    stream = io.StringIO()
    set_up_logging(load_settings({"ESHNAV_DATA": str(tmp_path)}), stream=stream)
    structlog.get_logger("gateway.intake").info("committed", batch=7)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["batch"], line["logger"]) == ("committed", "info", 7, "gateway.intake")
    assert line["timestamp"].endswith("Z")
    logging.basicConfig(handlers=[], force=True)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("to +972 50-123-4567 now", "to …4567 now", id="a number with spaces and dashes"),
        pytest.param("from 0501234567", "from …4567", id="a national number"),
        pytest.param("whatsapp:+15005550010", "whatsapp:…0010", id="behind a scheme"),
        pytest.param("מ־dana@example.com", "מ־…@example.com", id="a mailbox in Hebrew text"),
        pytest.param("case E-48213 took 12 ms", "case E-48213 took 12 ms", id="short numbers stay"),
        pytest.param("SM" + "0" * 32, "SM" + "0" * 32, id="provider ids stay"),
        pytest.param("redis://:pw-canary@h:1/0", "redis://[hidden]@h:1/0", id="a password with no user"),
    ],
)
def test_people_are_taken_out_of_running_text(text, expected):
    assert without_people(text) == expected


def test_what_people_wrote_shows_at_debug_only():
    assert redact(None, "", {"level": "info", "text": "שלום"})["text"] == "[4 characters]"
    assert redact(None, "", {"level": "debug", "text": "שלום"})["text"] == "שלום"


def test_the_clock_is_aware_and_utc():
    assert now().utcoffset().total_seconds() == 0
