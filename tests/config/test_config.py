"""The configuration: what is read from where, and that everything wrong is said at once and no secret with it."""

from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.domain.account import MailAccount, TwilioAccount, WhatsAppAccount
from gateway.domain.errors import ConfigurationError

TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "new-token,old-token",
    "TWILIO_SMS_FROM": "+972501234567, +15005550006",
    "TWILIO_WHATSAPP_FROM": "+15005550010",
}
WHATSAPP = {
    "WHATSAPP_TOKEN": "graph-token",
    "WHATSAPP_APP_SECRET": "app-secret",
    "WHATSAPP_VERIFY_TOKEN": "hello",
    "WHATSAPP_PHONE_NUMBER_ID": "100000000000009",
}
MAIL = {"MAIL_ADDRESS": "Support@Example.org", "SMTP_RELAY_URL": "smtp://user:relay-password@relay.example.org:587"}


def load(tmp_path: Path, **environ: str):
    return load_settings({"ESHNAV_DATA": str(tmp_path / "data"), **environ})


def problems(tmp_path: Path, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, **environ)
    return caught.value.problems


def test_nothing_said_means_the_documented_defaults(tmp_path):
    settings = load(tmp_path)
    assert (settings.port, settings.smtp_port, settings.host) == (8080, 2525, "127.0.0.1")
    assert (settings.default_region, settings.default_language) == ("IL", "he")
    assert settings.public_url == "http://localhost:8080"
    assert settings.database_url == settings.redis_url == ""
    assert settings.accounts == ()


def test_the_public_url_follows_the_port(tmp_path):
    assert load(tmp_path, PORT="9000").public_url == "http://localhost:9000"


def test_an_empty_variable_says_nothing(tmp_path):
    assert load(tmp_path, PORT="", TWILIO_ACCOUNT_SID="", MAIL_ADDRESS=" ").accounts == ()


def test_twilio_comes_from_the_environment_with_both_tokens_of_a_rotation(tmp_path):
    (account,) = load(tmp_path, **TWILIO).accounts
    assert isinstance(account, TwilioAccount)
    assert account.auth_tokens == ("new-token", "old-token")
    assert [endpoint.key for endpoint in account.endpoints] == [
        "twilio:sms:+972501234567",
        "twilio:sms:+15005550006",
        "twilio:whatsapp:+15005550010",
    ]
    assert {endpoint.account for endpoint in account.endpoints} == {account.sid}


def test_whatsapp_and_mail_come_from_the_environment(tmp_path):
    whatsapp, mail = load(tmp_path, **WHATSAPP, **MAIL, PUBLIC_URL="https://desk.example.org/").accounts
    assert isinstance(whatsapp, WhatsAppAccount)
    assert whatsapp.endpoints[0].key == "whatsapp_cloud:whatsapp:100000000000009"
    assert isinstance(mail, MailAccount)
    assert mail.domain == "example.org"
    assert mail.endpoints[0].address == "support@example.org"
    assert mail.unsubscribe_base == "https://desk.example.org/unsubscribe"


def test_the_file_adds_accounts_and_the_environment_overrides_its_words(tmp_path):
    file = tmp_path / "eshnav.toml"
    file.write_text(f"""
        port = 9001
        default_language = "en"
        [[twilio]]
        account_sid = "AC{"1" * 32}"
        auth_token = "t"
        sms_from = [{{address = "+972521111111", name = "Haifa", sends_per_second = 1}}, "+972522222222"]
        [[twilio.templates]]
        ours = "*"
        language = "he"
        name = "HX1"
        [mail]
        address = "help@example.com"
        relay_url = "smtps://relay.example.com"
    """)
    settings = load(tmp_path, ESHNAV_CONFIG=str(file), PORT="9002", **TWILIO)
    assert (settings.port, settings.default_language) == (9002, "en")
    first, second, mail = settings.accounts
    assert first.sid == TWILIO["TWILIO_ACCOUNT_SID"]
    assert (second.endpoints[0].name, second.endpoints[0].sends_per_second) == ("Haifa", 1)
    assert second.templates[0].name == "HX1"
    assert mail.relay_url == "smtps://relay.example.com"


def test_everything_wrong_is_said_at_once(tmp_path):
    file = tmp_path / "eshnav.toml"
    file.write_text('colour = "red"\n[[whatsapp]]\ntoken = "t"\n')
    said = "\n".join(
        problems(
            tmp_path,
            ESHNAV_CONFIG=str(file),
            PORT="99999",
            DATABASE_URL="mysql://x",
            DEFAULT_REGION="XX",
            DEFAULT_LANGUAGE="fr",
            TWILIO_SMS_FROM="050-1234567",
            MAIL_ADDRESS="nobody",
        )
    )
    for expected in (
        "PORT is wrong",
        "DATABASE_URL is wrong",
        "DEFAULT_REGION is wrong",
        "DEFAULT_LANGUAGE is wrong",
        "TWILIO_ACCOUNT_SID is missing",
        "TWILIO_AUTH_TOKEN is missing",
        "TWILIO_SMS_FROM is wrong: '050-1234567' is not a phone number",
        "MAIL_ADDRESS is wrong",
        "SMTP_RELAY_URL is missing",
        "eshnav.toml: colour is not a setting",
        "eshnav.toml: whatsapp 1: app_secret is missing",
    ):
        assert expected in said


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"PORT": "2525"}, "PORT and SMTP_PORT are both 2525", id="one port for two servers"),
        pytest.param({"PUBLIC_URL": "desk.example.org"}, "PUBLIC_URL", id="a URL without its scheme"),
        pytest.param({"PUBLIC_URL": "https://a:b"}, "PUBLIC_URL", id="a port that is no number"),
        pytest.param({"REDIS_URL": "http://x"}, "REDIS_URL", id="another server's scheme"),
        pytest.param({"ESHNAV_SECRET": "short"}, "ESHNAV_SECRET", id="a secret that can be guessed"),
        pytest.param({"ESHNAV_CONFIG": "/nowhere/eshnav.toml"}, "cannot be read", id="a named file that is not there"),
        pytest.param({"TRUSTED_PROXIES": "10.0.0.0/99"}, "TRUSTED_PROXIES", id="a network that is none"),
        pytest.param({**TWILIO, "TWILIO_AUTH_TOKEN": "a,b,c"}, "TWILIO_AUTH_TOKEN", id="three tokens in a rotation"),
        pytest.param(
            {**TWILIO, "TWILIO_SMS_FROM": "", "TWILIO_WHATSAPP_FROM": ""},
            "TWILIO_SMS_FROM or TWILIO_WHATSAPP_FROM is missing",
            id="an account with no number",
        ),
        pytest.param(
            {**MAIL, "MAIL_ADDRESS": "a@b.org,A@b.org"}, "configured 2 times", id="one mailbox twice, in two cases"
        ),
    ],
)
def test_what_cannot_work_is_refused_by_name(tmp_path, environ, expected):
    assert any(expected in problem for problem in problems(tmp_path, **environ))


def test_no_secret_is_shown_in_errors_or_when_settings_are_printed(tmp_path):
    everything = {
        **TWILIO,
        **WHATSAPP,
        **MAIL,
        "ESHNAV_SECRET": "canary-" * 8,
        "DATABASE_URL": "postgresql://u:dbpass@h/d",
    }
    shown = repr(load(tmp_path, **everything))
    shown += "".join(problems(tmp_path, **{**everything, "PORT": "0", "TWILIO_ACCOUNT_SID": "x"}))
    for secret in ("new-token", "old-token", "graph-token", "app-secret", "relay-password", "canary-", "dbpass"):
        assert secret not in shown


def test_the_secret_is_made_once_and_readable_by_us_alone(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert first.secret == second.secret
    assert len(first.secret) == 64
    assert (first.data / "secret").stat().st_mode & 0o777 == 0o600


def test_the_sandbox_stands_in_only_when_no_account_is_configured(tmp_path):
    sandboxed = load(tmp_path, SANDBOX_URL="http://127.0.0.1:8081")
    assert {account.api_base for account in sandboxed.accounts if not isinstance(account, MailAccount)} == {
        "http://127.0.0.1:8081",
        "http://127.0.0.1:8081/v25.0",
    }
    assert len(load(tmp_path, SANDBOX_URL="http://127.0.0.1:8081", **MAIL).accounts) == 1


def test_sandbox_credentials_are_public_only_while_this_machine_alone_can_reach_us(tmp_path):
    at_home = load(tmp_path).with_sandbox().sandbox_environ()
    in_public = load(tmp_path, HOST="0.0.0.0").with_sandbox().sandbox_environ()
    assert at_home["TWILIO_AUTH_TOKEN"] == "sandbox-twilio-token"
    assert len(in_public["TWILIO_AUTH_TOKEN"]) == 64
    assert in_public["TWILIO_AUTH_TOKEN"] != in_public["WHATSAPP_APP_SECRET"]
