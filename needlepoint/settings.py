"""The one reader of the environment.

Every setting is a field of `Settings`, named NEEDLEPOINT_<FIELD> in the environment or in a `.env`
file at the root. Only the entry points of processes import this module; all else is handed
what it needs. docs/settings.md is written from the fields below (`settings_table`).
"""

import base64
import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from limits import parse as parse_rate
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
PREFIX = "NEEDLEPOINT_"

Port = Annotated[int, Field(ge=1, le=65535)]
CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class SettingsError(Exception):
    """A setting is missing or wrong; the text is one line a setting, each naming its variable."""


class Settings(BaseSettings):
    """What a process of Needlepoint is told by its environment.

    Relative paths, also those inside a SQLite URL, start at the project's root, so that it does not
    matter from where a process is started.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=PROJECT_ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = Field("0.0.0.0", description="Address that the public web server listens on.")
    port: Port = Field(8000, description="Port of the public web server.")
    database_url: str = Field(
        "sqlite:///var/needlepoint.db",
        description="Database of the consultation requests: a SQLite file or PostgreSQL "
        "(`postgresql://user:password@host/name`). With SQLite the chat, the conversations and "
        "what staff work with get files of their own beside it (`-chat`, `-conversations`, "
        "`-staff`).",
    )
    secret: SecretStr | None = Field(
        None,
        description="Key that signs the chat tokens. When unset, one is made on first start and "
        "kept in `secret` in the state directory, readable by its owner only.",
    )
    rate_limit: str = Field(
        "30/minute",
        description="How much one conversation, and one address, may send: a count and a period "
        "such as `30/minute` or `500/hour`; `off` for benchmarks.",
    )
    now: datetime | None = Field(
        None,
        description="An ISO time that fixes “now” for availability, notice and natural times; in "
        "the clinic's time zone when it has no offset. Tokens, limits and holds run on real time.",
    )
    trusted_proxies: CommaSeparated = Field(
        (),
        description="Addresses or networks of reverse proxies whose X-Forwarded-For counts, "
        "separated by commas.",
    )
    phone_region: str = Field(
        "US", description="Region that a phone number without a country code belongs to."
    )
    content: Path = Field(
        Path("data"), description="Folder of the FAQs and articles; may lie outside the checkout."
    )
    clinic: Path = Field(Path("clinic.yml"), description="File of the clinic's own facts.")
    models_dir: Path = Field(Path("models"), description="Folder of the trained models.")
    state_dir: Path = Field(
        Path("var"),
        description="Folder of what the processes write: secret, live model, endpoints.",
    )
    allowed_origins: CommaSeparated = Field(
        ("*",),
        description="Origins of websites that may embed the widget, separated by commas; "
        "`*` for any.",
    )
    public_url: str | None = Field(
        None,
        description="Address that visitors reach the web server at, such as "
        "`https://book.linden-skin.example`; links in e-mails and in the chat start with it. "
        "`http://127.0.0.1:<port>` when unset.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server for `hand_off.email` of clinic.yml: "
        "`smtp://user:password@host:587` (with STARTTLS when the server offers it) or "
        "`smtps://user:password@host:465`; percent-encode what is special in a URL.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Key that signs what `hand_off.webhook` sends: `whsec_` and 24 to 64 bytes in "
        "base64, as Standard Webhooks has it.",
    )
    caldav_password: SecretStr | None = Field(
        None, description="Password of the user that `hand_off.caldav` names."
    )
    rasa_port: Port = Field(5005, description="Port that Rasa listens on, on 127.0.0.1.")
    rasa_url: str | None = Field(
        None, description="Where Rasa is reached; `http://127.0.0.1:<rasa port>` when unset."
    )
    rasa_token: SecretStr | None = Field(
        None,
        description="Token between Rasa and the web server (letters, digits, `-`, `.`, `_`, `~`); "
        "derived from the secret when unset.",
    )
    actions_port: Port = Field(
        5055, description="Port that the action server listens on, on 127.0.0.1."
    )
    actions_url: str | None = Field(
        None,
        description="Where the action server is reached; `http://127.0.0.1:<actions port>` when "
        "unset.",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError("must be a URL such as sqlite:///var/needlepoint.db") from None
        kind = url.get_backend_name()
        if kind not in ("sqlite", "postgresql"):
            raise ValueError("must be a SQLite or PostgreSQL URL")
        if kind == "sqlite" and url.database in (None, "", ":memory:"):
            raise ValueError("must name a SQLite file: several processes share it")
        return value

    @field_validator("rate_limit")
    @classmethod
    def _known_rate(cls, value: str) -> str:
        rate = value.strip().lower()
        if rate == "off":
            return rate
        try:
            parsed = parse_rate(rate)
        except ValueError:
            raise ValueError("must be a rate such as 30/minute, or off") from None
        if parsed.amount < 1:
            raise ValueError("must allow at least one message; off lifts the limit")
        return rate

    @field_validator("trusted_proxies", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            try:
                ipaddress.ip_network(part, strict=False)
            except ValueError:
                raise ValueError("must be addresses or networks such as 10.0.0.0/8") from None
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            if part != "*" and not part.startswith(("http://", "https://")):
                raise ValueError("must be origins such as https://linden-skin.example, or *")
        return tuple(part.rstrip("/") for part in value)

    @field_validator("phone_region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        region = value.strip().upper()
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("must be a two-letter region such as US or GB")
        return region

    @field_validator("rasa_url", "actions_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return None if value is None else value.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = _split_url(value)
        if parts is None or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
            raise ValueError("must be an address such as https://book.linden-skin.example")
        if parts.username is not None:
            raise ValueError("must hold no user and password: visitors see it")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = _split_url(value.get_secret_value())
        if (
            parts is None
            or parts.scheme not in ("smtp", "smtps")
            or parts.path.strip("/")
            or parts.query
            or parts.fragment
        ):
            raise ValueError("must be a URL such as smtp://user:password@host:587")
        if bool(parts.username) != bool(parts.password):
            raise ValueError("must hold both a user and a password, or neither")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _signing_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        prefix, _, encoded = value.get_secret_value().partition("_")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if prefix != "whsec" or not 24 <= len(key) <= 64:
            raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
        return value

    @field_validator("rasa_token")
    @classmethod
    def _plain_token(cls, value: SecretStr | None) -> SecretStr | None:
        # It travels in a query string and in a YAML file in which Rasa expands ${...}.
        plain = "-._~"
        if value is not None and not all(
            c.isascii() and (c.isalnum() or c in plain) for c in value.get_secret_value()
        ):
            raise ValueError("must consist of letters, digits, '-', '.', '_' and '~'")
        return value

    @field_validator("content", "clinic", "models_dir", "state_dir")
    @classmethod
    def _from_root(cls, value: Path) -> Path:
        return PROJECT_ROOT / value.expanduser()

    @cached_property
    def booking_database_url(self) -> str:
        """Database of the requests, with a SQLite path made absolute."""
        return self._database("")

    @cached_property
    def chat_database_url(self) -> str:
        """Database of the chat: on SQLite its own file, so that no lock stops the talking."""
        return self._database("-chat")

    @cached_property
    def tracker_database_url(self) -> str:
        """Database of Rasa's conversations."""
        return self._database("-conversations")

    @cached_property
    def staff_database_url(self) -> str:
        """Database of staff's accounts and of what they teach it."""
        return self._database("-staff")

    def _database(self, suffix: str) -> str:
        url = make_url(self.database_url)
        if url.get_backend_name() == "sqlite":
            url = _beside(url, suffix)
        return url.render_as_string(hide_password=False)

    def make_state_dir(self) -> Path:
        """The state directory, made for its owner only: it holds conversations and the secret."""
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.state_dir

    @property
    def live_model_pointer(self) -> Path:
        """File that holds the name of the model that visitors talk to."""
        return self.state_dir / "live-model"

    @property
    def rasa_endpoints(self) -> Path:
        """Endpoints file that Rasa is started with."""
        return self.state_dir / "endpoints.yml"

    @property
    def rasa_base_url(self) -> str:
        return self.rasa_url or f"http://127.0.0.1:{self.rasa_port}"

    @property
    def actions_base_url(self) -> str:
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}"

    @property
    def public_base_url(self) -> str:
        """Where visitors reach us, without a slash at its end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @cached_property
    def signing_secret(self) -> str:
        """The secret as set, or the one kept in the state directory (made at the first call)."""
        if self.secret is not None:
            return self.secret.get_secret_value()
        return kept_secret(self.make_state_dir() / "secret")

    @cached_property
    def shared_rasa_token(self) -> str:
        """Token between Rasa and web; derived from the secret when unset, so that both agree."""
        if self.rasa_token is not None:
            return self.rasa_token.get_secret_value()
        key = self.signing_secret.encode()
        return hmac.new(key, b"needlepoint rasa token", hashlib.sha256).hexdigest()

    def clock(self, zone: ZoneInfo) -> Callable[[], datetime]:
        """`now()` for booking, aware: the fixed time when one is set, else the real one."""
        fixed = self.now
        if fixed is None:
            return lambda: datetime.now(zone)
        aware = fixed if fixed.tzinfo else fixed.replace(tzinfo=zone)
        return lambda: aware.astimezone(zone)


def _beside(url: URL, suffix: str) -> URL:
    path = PROJECT_ROOT / Path(str(url.database)).expanduser()
    return url.set(database=str(path.with_name(f"{path.stem}{suffix}{path.suffix}")))


def _split_url(value: str) -> SplitResult | None:
    """The parts of a URL that names a host; None when it is none."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    plain = value.isascii() and value.isprintable() and " " not in value
    return parts if plain and parts.hostname else None


def kept_secret(path: Path) -> str:
    """The secret kept in a file, made on first use.

    Several processes may start at once: the file is written whole under another name and linked
    into place, which fails for all but the first; the others read what the first one wrote.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    kept = path.read_text().strip()
    if not kept:
        raise SettingsError(f"{PREFIX}SECRET: {path} is empty; delete it to have a new one made")
    return kept


def read_settings(**overrides: Any) -> Settings:
    """Settings from the environment and `.env`.

    Raises `SettingsError` with one line for each wrong setting, naming its variable; values are
    left out, as they may be secrets.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from None


def _lines(error: ValidationError) -> list[str]:
    return [
        f"{PREFIX}{str(problem['loc'][0]).upper()}: "
        + problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        for problem in error.errors(include_input=False, include_url=False)
    ]


def settings_table() -> str:
    """The settings as a Markdown table, as docs/settings.md shows it."""
    rows = ["| Variable | Default | What it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_shown(field.default)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _shown(default: object) -> str:
    if default is None or default == ():
        return "unset"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    return f"`{default}`"
