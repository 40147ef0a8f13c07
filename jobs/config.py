"""All that Porter reads from its environment. docs/configuration.md explains each variable; a test compares the two."""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from jobs.errors import ConfigurationError

_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")


class Mode(StrEnum):
    """`embedded`: one computer, one person, no sign-in, loopback only. `production`: a server for others."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class Switch(StrEnum):
    """Something that is done, or not."""

    ON = "on"
    OFF = "off"


class HostKind(StrEnum):
    """Where machines come from."""

    FLY = "fly"
    DOCKER = "docker"
    LOCAL = "local"


class MailTls(StrEnum):
    """How the way to the mail server is kept from others: once begun (port 587), from the start (465), not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Config(BaseSettings):
    """Porter's configuration. Secrets never show in its repr. Times are in seconds."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    mode: Mode = Field(Mode.EMBEDDED, validation_alias="PORTER_ENV")
    data_dir: Path = Field(Path(".porter"), validation_alias="PORTER_DATA_DIR")
    database_url: str | None = Field(None, validation_alias="DATABASE_URL", repr=False)
    redis_url: str | None = Field(None, validation_alias="REDIS_URL", repr=False)
    url: str = Field("http://127.0.0.1:8100", validation_alias="PORTER_URL")
    dashboard_url: str = Field("http://127.0.0.1:8501", validation_alias="PORTER_DASHBOARD_URL")
    mention: str = Field("porter", validation_alias="PORTER_MENTION")
    default_agent: str = Field("claude-code", validation_alias="PORTER_DEFAULT_AGENT")
    agents_file: Path | None = Field(None, validation_alias="PORTER_AGENTS_FILE")
    task_timeout_seconds: float = Field(1800, gt=0, validation_alias="PORTER_TASK_TIMEOUT_SECONDS")
    stall_timeout_seconds: float = Field(600, gt=0, validation_alias="PORTER_STALL_TIMEOUT_SECONDS")
    prompt_budget: int = Field(60_000, gt=1_000, validation_alias="PORTER_PROMPT_BUDGET")
    max_runs_per_user: int = Field(10, ge=1, validation_alias="PORTER_MAX_RUNS_PER_USER")
    max_runs_per_repository: int = Field(20, ge=1, validation_alias="PORTER_MAX_RUNS_PER_REPOSITORY")
    max_commands_per_hour: int = Field(30, ge=1, validation_alias="PORTER_MAX_COMMANDS_PER_HOUR")
    max_runs: int = Field(100, ge=1, validation_alias="PORTER_MAX_RUNS")
    allowed_users: Annotated[list[str], NoDecode] = Field([], validation_alias="PORTER_ALLOWED_USERS")
    admins: Annotated[list[str], NoDecode] = Field([], validation_alias="PORTER_ADMINS")
    allowed_bots: Annotated[list[int], NoDecode] = Field([], validation_alias="PORTER_ALLOWED_BOTS")
    labels: Switch = Field(Switch.ON, validation_alias="PORTER_LABELS")
    # Not less than a week: GitHub lists deliveries for three days, and what Porter forgot would be fetched again.
    retention_days: int = Field(90, ge=7, le=3650, validation_alias="PORTER_RETENTION_DAYS")

    vault_keys: SecretStr | None = Field(None, validation_alias="PORTER_VAULT_KEYS")
    api_token: SecretStr | None = Field(None, validation_alias="PORTER_API_TOKEN")
    dashboard_password: SecretStr | None = Field(None, validation_alias="PORTER_DASHBOARD_PASSWORD")

    github_api_url: str = Field("https://api.github.com", validation_alias="GITHUB_API_URL")
    github_url: str = Field("https://github.com", validation_alias="GITHUB_URL")
    github_app_id: str | None = Field(None, validation_alias="GITHUB_APP_ID")
    github_app_slug: str = Field("porter", validation_alias="GITHUB_APP_SLUG")
    github_app_private_key: SecretStr | None = Field(None, validation_alias="GITHUB_APP_PRIVATE_KEY")
    github_app_private_key_file: Path | None = Field(None, validation_alias="GITHUB_APP_PRIVATE_KEY_FILE")
    github_client_id: str | None = Field(None, validation_alias="GITHUB_CLIENT_ID")
    github_client_secret: SecretStr | None = Field(None, validation_alias="GITHUB_CLIENT_SECRET")
    github_webhook_secret: SecretStr | None = Field(None, validation_alias="GITHUB_WEBHOOK_SECRET")
    github_webhook_secret_previous: SecretStr | None = Field(None, validation_alias="GITHUB_WEBHOOK_SECRET_PREVIOUS")

    host: HostKind = Field(HostKind.LOCAL, validation_alias="PORTER_HOST")
    fly_api_url: str = Field("https://api.machines.dev", validation_alias="FLY_API_URL")
    fly_api_token: SecretStr | None = Field(None, validation_alias="FLY_API_TOKEN")
    fly_app_name: str | None = Field(None, validation_alias="FLY_APP_NAME")
    fly_regions: Annotated[list[str], NoDecode] = Field(["iad"], validation_alias="FLY_REGIONS")
    docker_host: str | None = Field(None, validation_alias="DOCKER_HOST")
    docker_tls_verify: str | None = Field(None, validation_alias="DOCKER_TLS_VERIFY")
    docker_cert_path: str | None = Field(None, validation_alias="DOCKER_CERT_PATH")
    docker_network: str = Field("bridge", validation_alias="PORTER_DOCKER_NETWORK")
    machine_cpus: int = Field(2, ge=1, validation_alias="PORTER_MACHINE_CPUS")
    machine_cpu_kind: Literal["shared", "performance"] = Field("shared", validation_alias="PORTER_MACHINE_CPU_KIND")
    machine_memory_mb: int = Field(2048, ge=256, multiple_of=256, validation_alias="PORTER_MACHINE_MEMORY_MB")
    worker_image: str = Field("registry.fly.io/porter-worker:latest", validation_alias="PORTER_WORKER_IMAGE")
    deployment: str = Field("default", validation_alias="PORTER_DEPLOYMENT")

    notify_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        [], validation_alias="PORTER_NOTIFY_NETWORKS"
    )
    smtp_host: str | None = Field(None, validation_alias="PORTER_SMTP_HOST")
    smtp_port: int = Field(587, ge=1, le=65_535, validation_alias="PORTER_SMTP_PORT")
    smtp_tls: MailTls = Field(MailTls.STARTTLS, validation_alias="PORTER_SMTP_TLS")
    smtp_user: str | None = Field(None, validation_alias="PORTER_SMTP_USER")
    smtp_password: SecretStr | None = Field(None, validation_alias="PORTER_SMTP_PASSWORD")
    smtp_from: str | None = Field(
        None, pattern=r"^[^\x00-\x1f\x7f]*[^\s@<>]+@[A-Za-z0-9.-]+>?$", validation_alias="PORTER_SMTP_FROM"
    )

    log_format: str = Field("console", pattern="^(console|json)$", validation_alias="PORTER_LOG_FORMAT")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", validation_alias="PORTER_LOG_LEVEL")

    @field_validator("fly_regions", "allowed_users", "admins", "allowed_bots", "notify_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("url", "dashboard_url", "github_api_url", "github_url", "fly_api_url")
    @classmethod
    def _no_slash_at_the_end(cls, value: str) -> str:
        return value.rstrip("/")

    @classmethod
    def from_environment(cls) -> Self:
        """Raises ConfigurationError that names each variable at fault, never its value."""
        try:
            config = cls()
        except ValidationError as error:
            faults = [f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors(include_input=False)]
            raise ConfigurationError(faults) from None  # the cause would quote the values
        config.refuse_if_unsafe()
        return config

    @property
    def database(self) -> str:
        """The database's URL; embedded, a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'porter.db'}"

    @property
    def is_production(self) -> bool:
        return self.mode is Mode.PRODUCTION

    @property
    def signs_in(self) -> bool:
        """Whether people sign in with GitHub; in production without it there is one password for all."""
        return self.is_production and bool(self.github_client_id and self.github_client_secret)

    @property
    def sends_mail(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.smtp_host and self.smtp_from)

    @property
    def names_app(self) -> bool:
        """Whether any part of a GitHub App is here. If none is, one that was made on the set-up page may stand in
        (jobs/app_settings.py); a webhook's secret alone, as `porter env` makes one, is no App's."""
        return any(
            (
                self.github_app_id, self.github_app_private_key, self.github_app_private_key_file,
                self.github_client_id, self.github_client_secret,
            )
        )  # fmt: skip

    def is_admin(self, login: str) -> bool:
        """Whether this person sees and sets what concerns all."""
        return login.lower() in {name.lower() for name in self.admins}

    def refuse_if_unsafe(self) -> None:
        """Raises ConfigurationError when a secret is missing that this mode cannot do without. Without any part of an
        App the set-up page makes one; until then no delivery has a valid signature, and only the password opens."""
        needed: dict[str, object] = {"PORTER_VAULT_KEYS": self.vault_keys}
        if self.is_production:
            needed |= {
                "DATABASE_URL": self.database_url,
                "REDIS_URL": self.redis_url,
                "PORTER_API_TOKEN": self.api_token,
                "PORTER_DASHBOARD_PASSWORD": self.dashboard_password or self.signs_in,
            }
        if self.is_production and self.names_app:
            needed |= {
                "GITHUB_WEBHOOK_SECRET": self.github_webhook_secret,
                "GITHUB_APP_ID": self.github_app_id,
                "GITHUB_APP_PRIVATE_KEY": self.github_app_private_key or self.github_app_private_key_file,
                "GITHUB_CLIENT_SECRET": self.github_client_secret or not self.github_client_id,
                "GITHUB_CLIENT_ID": self.github_client_id or not self.github_client_secret,
            }
        faults = [f"{name} is not set; see docs/configuration.md" for name, value in needed.items() if not value]
        if self.is_production and self.host is HostKind.LOCAL:
            faults.append("PORTER_HOST=local isolates nothing and is refused in production; use fly or docker")
        if self.signs_in and urlsplit(self.url).hostname != urlsplit(self.dashboard_url).hostname:
            faults.append(
                "PORTER_URL and PORTER_DASHBOARD_URL name different hosts: a sign-in at one is none at the other"
            )
        faults += self._mail_faults()
        if faults:
            raise ConfigurationError(faults)

    def _mail_faults(self) -> list[str]:
        """A password, and what is told, must not cross a network for all to read."""
        faults = []
        if self.smtp_host and not self.smtp_from:
            faults.append("PORTER_SMTP_FROM is not set: whom do mails come from?")
        if self.smtp_host and self.smtp_tls is MailTls.NONE and self.smtp_host not in _THIS_COMPUTER:
            faults.append("PORTER_SMTP_TLS=none is for a mail server on this computer; use starttls or tls")
        return faults

    def app_private_key(self) -> str:
        """The GitHub App's key as PEM, from the variable (PEM or base64 of it) or the file.

        Raises ConfigurationError when there is none.
        """
        if self.github_app_private_key_file is not None:
            return self.github_app_private_key_file.read_text()
        if self.github_app_private_key is None:
            raise ConfigurationError(["GITHUB_APP_PRIVATE_KEY is not set; see docs/configuration.md"])
        text = self.github_app_private_key.get_secret_value().replace("\\n", "\n")
        if text.lstrip().startswith("-----BEGIN"):
            return text
        try:
            return base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ConfigurationError(["GITHUB_APP_PRIVATE_KEY is neither PEM nor base64 of PEM"]) from None
