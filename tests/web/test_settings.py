"""The settings: read once, cast, and a wrong one named."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from needlepoint import serve
from needlepoint.rasa_endpoints import write_endpoints
from needlepoint.settings import (
    PROJECT_ROOT,
    SettingsError,
    kept_secret,
    read_settings,
    settings_table,
)

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("NEEDLEPOINT_"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(read_settings.__globals__["Settings"].model_config, "env_file", None)
    monkeypatch.setenv("NEEDLEPOINT_STATE_DIR", str(tmp_path))


def test_the_defaults_start_a_server_from_the_projects_root(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = read_settings()

    assert settings.port == 8000
    assert settings.content == PROJECT_ROOT / "data"
    assert settings.booking_database_url == f"sqlite:///{PROJECT_ROOT}/var/needlepoint.db"
    assert settings.chat_database_url == f"sqlite:///{PROJECT_ROOT}/var/needlepoint-chat.db"
    assert settings.tracker_database_url.endswith("/var/needlepoint-conversations.db")
    assert settings.rasa_base_url == "http://127.0.0.1:5005"
    assert settings.actions_base_url == "http://127.0.0.1:5055"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eight"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://host/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("RATE_LIMIT", "many"),
        ("RATE_LIMIT", "0/minute"),
        ("NOW", "soon"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"),
        ("PHONE_REGION", "USA"),
        ("PHONE_REGION", "XX"),
        ("ALLOWED_ORIGINS", "clinic.example"),
        ("RASA_URL", "127.0.0.1:5005"),
        ("RASA_TOKEN", "with ${expansion}"),
        ("PUBLIC_URL", "book.clinic.example"),
        ("PUBLIC_URL", "ftp://book.clinic.example"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://clinic.example/?a=expansion"),
        ("PUBLIC_URL", "https://clinic.example/#expansion"),
        ("PUBLIC_URL", "https://me:expansion@clinic.example"),
        ("PUBLIC_URL", "https://clinic .example"),
        ("PUBLIC_URL", "https://clinic.example:port"),
        ("SMTP_URL", "mail.clinic.example"),
        ("SMTP_URL", "https://mail.clinic.example"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.clinic.example:70000"),
        ("SMTP_URL", "smtp://desk@mail.clinic.example"),
        ("SMTP_URL", "smtp://desk:expan#sion@mail.clinic.example"),
        ("SMTP_URL", "smtp://desk:expansion@mail.clinic.example/path"),
        ("WEBHOOK_SECRET", "expansion"),
        ("WEBHOOK_SECRET", "whsec_expansion"),
        ("WEBHOOK_SECRET", "whsec_not base64, at all"),
        ("WEBHOOK_SECRET", "whsec_" + "QUJD" * 7 + "QQ"),
        ("WEBHOOK_SECRET", "whsec_" + "QUJD" * 22),
        ("WEBHOOK_SECRET", "QUJD" * 10),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"NEEDLEPOINT_{name}", value)

    with pytest.raises(SettingsError) as refused:
        read_settings()

    [line] = str(refused.value).splitlines()
    assert line.startswith(f"NEEDLEPOINT_{name}: ")
    assert "expansion" not in line


@pytest.mark.parametrize("value", ["off", "OFF", "30/minute", "500 per hour", "1/second"])
def test_rates_are_taken_as_people_write_them(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NEEDLEPOINT_RATE_LIMIT", value)

    assert read_settings().rate_limit == value.lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "smtp://127.0.0.1:25"),
        ("SMTP_URL", "smtp://mail.clinic.example"),
        ("SMTP_URL", "smtp://desk%40clinic.example:p%23ss@mail.clinic.example:587"),
        ("SMTP_URL", "smtps://desk:pass@mail.clinic.example:465/"),
        ("WEBHOOK_SECRET", "whsec_" + "QUJD" * 8),
        ("WEBHOOK_SECRET", "whsec_" + "QUJD" * 21),
        ("CALDAV_PASSWORD", "any thing, ünicode too"),
    ],
)
def test_secrets_of_hand_offs_are_kept_as_written(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"NEEDLEPOINT_{name}", value)

    secret = getattr(read_settings(), name.lower())

    assert secret.get_secret_value() == value


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("", "http://127.0.0.1:8123"),
        ("https://book.clinic.example", "https://book.clinic.example"),
        ("https://book.clinic.example/", "https://book.clinic.example"),
        ("https://clinic.example:8443/desk/", "https://clinic.example:8443/desk"),
    ],
)
def test_visitors_are_led_to_the_public_address(
    monkeypatch: pytest.MonkeyPatch, value: str, address: str
) -> None:
    monkeypatch.setenv("NEEDLEPOINT_PORT", "8123")
    monkeypatch.setenv("NEEDLEPOINT_PUBLIC_URL", value)

    assert read_settings().public_base_url == address


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEPOINT_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")
    monkeypatch.setenv("NEEDLEPOINT_ALLOWED_ORIGINS", "https://a.example/,https://b.example")

    settings = read_settings()

    assert settings.trusted_proxies == ("10.0.0.0/8", "127.0.0.1")
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEPOINT_PORT", "")
    monkeypatch.setenv("NEEDLEPOINT_SECRET", "")

    settings = read_settings()

    assert settings.port == 8000
    assert len(settings.signing_secret) > 40


def test_on_postgresql_everything_shares_one_database(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://clinic:pass%40word@db.example/needlepoint"
    monkeypatch.setenv("NEEDLEPOINT_DATABASE_URL", url)

    settings = read_settings()

    assert settings.booking_database_url == url
    assert settings.chat_database_url == url
    assert settings.tracker_database_url == url


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-11-20T10:00", "2026-11-20T10:00:00-05:00"),
        ("2026-11-20T10:00:00Z", "2026-11-20T05:00:00-05:00"),
        ("2026-07-01T10:00+02:00", "2026-07-01T04:00:00-04:00"),
    ],
)
def test_a_fixed_now_is_in_the_clinics_zone(
    monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    monkeypatch.setenv("NEEDLEPOINT_NOW", value)

    clock = read_settings().clock(NEW_YORK)

    assert clock().isoformat() == told


def test_without_a_fixed_now_time_passes() -> None:
    clock = read_settings().clock(NEW_YORK)

    assert clock() < clock()


def test_a_secret_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    first = read_settings().signing_secret
    again = read_settings().signing_secret

    assert first == again
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_the_state_directory_is_made_for_its_owner(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEEDLEPOINT_STATE_DIR", str(tmp_path / "new" / "state"))

    made = read_settings().make_state_dir()

    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(kept_secret, [tmp_path / "var" / "secret"] * 40))

    assert len(set(secrets)) == 1


def test_an_emptied_secret_file_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()

    with pytest.raises(SettingsError, match="NEEDLEPOINT_SECRET"):
        _ = read_settings().signing_secret


def test_the_rasa_token_follows_from_the_secret_and_does_not_tell_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEEDLEPOINT_SECRET", "one secret")
    one = read_settings().shared_rasa_token
    again = read_settings().shared_rasa_token
    monkeypatch.setenv("NEEDLEPOINT_SECRET", "another secret")
    another = read_settings().shared_rasa_token

    assert one == again != another
    assert "secret" not in one
    assert len(one) == 64


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEPOINT_SECRET", "do-not-tell")
    monkeypatch.setenv("NEEDLEPOINT_RASA_TOKEN", "not-this-either")
    monkeypatch.setenv("NEEDLEPOINT_SMTP_URL", "smtp://desk:nor-this@mail.clinic.example")
    monkeypatch.setenv("NEEDLEPOINT_CALDAV_PASSWORD", "nor-that")
    monkeypatch.setenv("NEEDLEPOINT_WEBHOOK_SECRET", "whsec_" + "QUJD" * 8)

    shown = repr(read_settings())

    assert "do-not-tell" not in shown
    assert "not-this-either" not in shown
    assert "nor-" not in shown
    assert "QUJD" not in shown


def test_the_table_in_the_docs_is_that_of_the_code() -> None:
    page = (PROJECT_ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert settings_table() in page


def test_rasas_endpoints_are_written_for_its_owner(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEEDLEPOINT_PORT", "8123")
    monkeypatch.setenv("NEEDLEPOINT_RASA_TOKEN", "a-token")
    monkeypatch.setenv("NEEDLEPOINT_DATABASE_URL", f"sqlite:///{tmp_path}/np.db")

    path = write_endpoints(read_settings())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text()) == {
        "action_endpoint": {"url": "http://127.0.0.1:5055/webhook"},
        "tracker_store": {
            "type": "nlu.tracker_store.LiveTrackerStore",
            "url": f"sqlite:///{tmp_path}/np-conversations.db",
        },
        "models": {
            "url": "http://127.0.0.1:8123/internal/model",
            "token": "a-token",
            "wait_time_between_pulls": 2,
        },
    }


def test_rasa_is_given_the_postgresql_driver_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEPOINT_DATABASE_URL", "postgresql+psycopg://u:p@db/np")

    written = yaml.safe_load(write_endpoints(read_settings()).read_text())

    assert written["tracker_store"]["url"] == "postgresql+psycopg2://u:p@db/np"


def test_a_wrong_setting_stops_the_web_process_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEEDLEPOINT_PORT", "eight")

    code = serve.main()

    assert code == 2
    assert capsys.readouterr().err.startswith("NEEDLEPOINT_PORT: ")


def test_a_database_that_cannot_be_opened_stops_the_web_process_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "np.db").mkdir()
    monkeypatch.setenv("NEEDLEPOINT_DATABASE_URL", f"sqlite:///{tmp_path}/np.db")

    code = serve.main()

    assert code == 1
    assert capsys.readouterr().err.startswith("NEEDLEPOINT_DATABASE_URL: ")
