"""The composition root: builds every adapter from the configuration. Nothing else calls their constructors."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import httpx
from docker.utils import kwargs_from_env
from sqlalchemy.exc import SQLAlchemyError

from jobs import app_settings, fly_settings
from jobs.config import Config, HostKind
from jobs.errors import ConfigurationError
from jobs.fly_pace import FlyPace
from jobs.github.client import GitHub
from jobs.github.sign_in import SignIn
from jobs.hosts.docker import DockerHost, Size
from jobs.hosts.fly import FlyHost
from jobs.hosts.fly_apps import FlyApps
from jobs.hosts.fly_place import FlyPlace
from jobs.hosts.local import LocalHost
from jobs.hosts.port import Host
from jobs.queues import Queues
from jobs.secrecy import Secrecy
from store import settings
from store.database import Database
from store.errors import VaultError
from store.vault import Vault

_log = logging.getLogger(__name__)
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)


@dataclass(frozen=True)
class Services:
    """What a job, a request or a page works with."""

    config: Config
    db: Database
    vault: Vault
    queues: Queues
    clock: Callable[[], datetime]
    app_is_stored: bool = False  # the GitHub App was made on the set-up page; the environment names none

    @cached_property
    def github(self) -> GitHub:
        """Raises ConfigurationError while there is no GitHub App."""
        config = self.config
        if config.github_app_id is None:
            raise ConfigurationError(
                ["there is no GitHub App: make one on the set-up page, or set GITHUB_APP_ID (docs/operations.md)"]
            )
        return GitHub(
            api_url=config.github_api_url,
            app_id=config.github_app_id,
            private_key=config.app_private_key(),
            db=self.db,
            vault=self.vault,
            clock=self.clock,
            http=httpx.Client(timeout=_TIMEOUT),
            hide=self.secrecy.text,
        )

    def take_on_app(self) -> None:
        """Become the App that was made on the set-up page, if the environment names none and this process has none yet.

        Whoever holds these services has the App from then on, without a restart; another App in its place needs one.
        """
        if self.config.names_app:
            return
        try:
            found = app_settings.stored(self.db, self.vault)
        except (SQLAlchemyError, VaultError) as error:  # the next look may find it; `porter doctor` says why not
            _log.debug("the stored App cannot be read", extra={"action": "app_unread", "error": type(error).__name__})
            return
        if found is not None:
            # The one change that services ever see: what was made of the old configuration goes with it.
            object.__setattr__(self, "config", app_settings.with_app(self.config, found))
            object.__setattr__(self, "app_is_stored", True)
            for name in ("github", "sign_in", "secrecy"):
                self.__dict__.pop(name, None)

    @cached_property
    def sign_in(self) -> SignIn:
        """Raises ConfigurationError while there is no client id and secret."""
        config = self.config
        if config.github_client_id is None or config.github_client_secret is None:
            raise ConfigurationError(["GITHUB_CLIENT_ID is not set: nobody can sign in with GitHub"])
        return SignIn(
            httpx.Client(timeout=_TIMEOUT, headers={"User-Agent": "porter"}),
            url=config.github_url,
            api_url=config.github_api_url,
            client_id=config.github_client_id,
            secret=config.github_client_secret.get_secret_value(),
            callback=f"{config.url}/api/auth/callback",
            clock=self.clock,
        )

    @cached_property
    def secrecy(self) -> Secrecy:
        """What hides the secrets that this Porter knows."""
        return Secrecy(self.config, self.db, self.vault, self.clock)

    @cached_property
    def host(self) -> Host:
        """Where machines come from; Fly that is not set up says so when it is first asked for something."""
        config = self.config
        if config.host is HostKind.LOCAL:
            return LocalHost(config.data_dir / "machines")
        if config.host is HostKind.DOCKER:
            return _docker(config, self.docker_size)
        return FlyHost(
            api_url=config.fly_api_url,
            place=self.fly_place,
            pace=self.fly_pace,
            deployment=config.deployment,
            http=self._fly_line,
        )

    def docker_size(self) -> Size:
        """How large a container may be, as it is set now for everyone."""
        everyone = settings.of_scope(self.db, settings.GLOBAL)
        return Size(
            cpus=everyone.get("machine_cpus") or self.config.machine_cpus,
            memory_mb=everyone.get("machine_memory_mb") or self.config.machine_memory_mb,
        )

    @cached_property
    def _fly_line(self) -> httpx.Client:
        return httpx.Client(timeout=_TIMEOUT)

    @cached_property
    def fly_pace(self) -> FlyPace:
        """Keeps the creates of all processes in step."""
        return FlyPace(self.db, self.clock)

    def fly_place(self) -> FlyPlace:
        """Where machines come from on Fly, as it is set now. Raises FlyNotSetUp."""
        return fly_settings.place(self.db, self.vault, self.config)

    def fly_apps(self, token: str) -> FlyApps:
        """Asks Fly what this token is good for."""
        return FlyApps(self.config.fly_api_url, token, self._fly_line)


def _docker(config: Config, size: Callable[[], Size]) -> DockerHost:
    """The engine is found as Docker's own programs find it: https://docs.docker.com/reference/cli/docker/"""
    where = {
        "DOCKER_HOST": config.docker_host, "DOCKER_TLS_VERIFY": config.docker_tls_verify,
        "DOCKER_CERT_PATH": config.docker_cert_path,
    }  # fmt: skip
    return DockerHost(
        image=config.worker_image,
        engine=kwargs_from_env({name: value for name, value in where.items() if value} or {"DOCKER_HOST": ""}),
        network=config.docker_network,
        size=size,
        deployment=config.deployment,
    )


def build(config: Config, *, clock: Callable[[], datetime] | None = None) -> Services:
    """Services for this configuration. Connects to nothing yet."""
    return Services(
        config=config,
        db=Database(config.database),
        vault=Vault.parse(config.vault_keys.get_secret_value() if config.vault_keys else ""),
        queues=Queues(config.redis_url),
        clock=clock or _now,
    )


def from_environment() -> Services:
    """The services of this process, built once in it: RQ forks, and connections do not survive a fork."""
    key = os.getpid()
    if key not in _built:
        _built.clear()
        _built[key] = build(Config.from_environment())
    _built[key].take_on_app()
    return _built[key]


_built: dict[int, Services] = {}


def _now() -> datetime:
    return datetime.now(UTC)
