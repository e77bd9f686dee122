"""The compose file against the code: its commands, variables and ports exist, and nothing runs as root."""

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from gateway.cli.main import app
from gateway.config.settings import Settings
from gateway.config.shapes import General, MailShape, TwilioShape, WhatsAppShape

DOCKER = Path(__file__).parent.parent / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "eshnav"}
VARIABLES = {
    name for shape in (General, TwilioShape, WhatsAppShape, MailShape) for name in shape.variable_names().values()
} | {"POSTGRES_PASSWORD"}


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name):
    (command,) = OURS[name]["command"]
    assert command in get_command(app).commands


@pytest.mark.parametrize("name", OURS)
def test_ours_run_with_nothing_they_do_not_need(name):
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == "45s"


def test_every_variable_is_a_setting():
    written = set(re.findall(r"^([A-Z_]+)=", (DOCKER / "eshnav.env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", (DOCKER / "compose.yaml").read_text()))
    given = {name for service in OURS.values() for name in service["environment"]}
    assert written | used | given <= VARIABLES
    assert used <= written


def test_ports_are_the_ones_the_app_listens_on():
    settings = Settings(data=Path(), secret="")
    assert f"EXPOSE {settings.port} {settings.smtp_port}" in DOCKERFILE
    assert COMPOSE["services"]["mail"]["ports"] == [f"25:{settings.smtp_port}"]
    assert f"dynamic a app {settings.port}" in (DOCKER / "Caddyfile").read_text()


def test_the_image_does_not_run_as_root():
    *_, last = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert last == "eshnav"


def test_there_are_two_of_what_may_be_many_and_what_serves_is_checked():
    services = COMPOSE["services"]
    assert [services[name]["deploy"]["replicas"] for name in ("app", "worker")] == [2, 2]
    for name in ("app", "mail", "postgres", "valkey"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_slow_clients_are_cut_off():
    caddy = (DOCKER / "Caddyfile").read_text()
    assert "read_header 10s" in caddy
    assert "read_body 15s" in caddy


def test_valkey_never_evicts():
    command = COMPOSE["services"]["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
