"""The compose file against the code: its commands, variables and ports exist, and nothing runs as root."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from typer.main import get_command

from gateway.cli.main import app
from gateway.config.schema import General, MailShape, TwilioShape, WhatsAppShape
from gateway.config.settings import Settings
from gateway.outbox.sender import DRAIN_SECONDS
from gateway.web.server.application import routes
from gateway.web.server.serving import SERVING

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


@pytest.mark.parametrize("name", ["app", "mail", "worker"])
def test_health_checks_ask_what_exists(name):
    _, program, *rest = OURS[name]["healthcheck"]["test"]
    if program == "eshnav":
        command, role = rest
        assert get_command(app).commands[command].make_context(command, [role]).params == {"role": name}
    else:
        (url,) = re.findall(r"'(http://\S+)'", rest[-1])
        assert urlsplit(url).port == Settings(data=Path(), secret="").port
        assert urlsplit(url).path in {route.path for route in routes()}


def test_services_wait_for_what_they_need():
    for name, service in OURS.items():
        for needed, how in service["depends_on"].items():
            assert needed in COMPOSE["services"], name
            is_checked = "healthcheck" in COMPOSE["services"][needed]
            assert is_checked == (how["condition"] == "service_healthy"), needed
    assert OURS["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_the_servers_urls_name_services_and_the_proxy_is_trusted():
    for name, service in OURS.items():
        given = service["environment"]
        for url in (given["DATABASE_URL"], given["REDIS_URL"]):
            assert urlsplit(re.sub(r"\$\{.*?\}", "x", url)).hostname in COMPOSE["services"], name
        (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
        assert given["TRUSTED_PROXIES"] == network["subnet"]


def test_what_is_written_lies_in_volumes_that_exist():
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            assert source.startswith("./") or source in COMPOSE["volumes"], name
            if name in OURS:
                assert f"ESHNAV_DATA={target}" in DOCKERFILE


def test_the_proxy_lets_go_of_idle_connections_before_the_apps_do():
    (seconds,) = re.findall(r"keepalive (\d+)s", (DOCKER / "Caddyfile").read_text())
    assert int(seconds) < SERVING["keepalive_timeout"]


def test_stopping_is_given_longer_than_it_takes():
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS + SERVING["shutdown_timeout"]


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
    for name in ("app", "mail", "worker", "postgres", "valkey"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_slow_clients_are_cut_off():
    caddy = (DOCKER / "Caddyfile").read_text()
    assert "read_header 10s" in caddy
    assert "read_body 15s" in caddy


def test_valkey_never_evicts():
    command = COMPOSE["services"]["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
