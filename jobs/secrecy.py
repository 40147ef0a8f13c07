"""Every secret that this Porter knows, hidden in whatever leaves it for GitHub or a log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from jobs.cleaning import masked
from jobs.config import Config
from jobs.errors import ConfigurationError
from store import channels, settings, vault
from store.database import Database
from store.errors import VaultError
from store.vault import Vault
from worker.masking import Mask

FRESH = timedelta(seconds=30)  # how long a secret that was just added may be unknown to another process
_LONG_PIECE = 16  # characters of a URL's path that are its secret: Slack's is 24 of them
_LONG_LINE = 40  # characters of a key's PEM that tell it from other text


class Secrecy:
    """Hides the deployment's own secrets and the providers' keys, in every spelling, and what looks like a token."""

    def __init__(self, config: Config, db: Database, keys: Vault, clock: Callable[[], datetime]) -> None:
        self._config, self._db, self._keys, self._clock = config, db, keys, clock
        self._mask: Mask | None = None
        self._read_at: datetime | None = None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return masked(self._known().text(text))

    def _known(self) -> Mask:
        now = self._clock()
        if self._mask is None or self._read_at is None or now - self._read_at > FRESH:
            self._mask, self._read_at = Mask([*of_config(self._config), *self._kept()]), now
        return self._mask

    def _kept(self) -> Iterator[str]:
        for secret in vault.known(self._db):
            try:
                value = vault.use(self._db, self._keys, secret.owner, secret.name)
            except VaultError:
                continue  # what does not open here was given to nobody from here
            if value and secret.owner == settings.PORTER and channels.is_address(secret.name):
                yield from of_address(value)
            elif value:
                yield value


def of_config(config: Config) -> Iterator[str]:
    """The secrets of a configuration, each as a whole and, where it has parts, in its parts."""
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, SecretStr):
            yield from _parts(value.get_secret_value())
    for url in (config.database_url, config.redis_url):
        if url and (password := urlsplit(url).password):
            yield from {password, unquote(password)}
    try:
        yield from _parts(config.app_private_key())
    except (ConfigurationError, OSError):
        return


def of_address(url: str) -> Iterator[str]:
    """What of a webhook's URL nobody could guess. The rest, its host and words like `webhooks`, is in other texts too,
    where it must stay."""
    parts = urlsplit(url)
    yield from (piece for piece in re.split(r"[/?&=;,]", f"{parts.path}?{parts.query}") if len(piece) >= _LONG_PIECE)


def _parts(secret: str) -> Iterator[str]:
    """A key in PEM has lines, a list of vault keys has entries: either may be told without the rest."""
    yield secret
    yield from (line for line in secret.splitlines() if len(line) >= _LONG_LINE and not line.startswith("-----"))
    if re.fullmatch(r"\w+:[A-Za-z0-9+/_=-]+(,\w+:[A-Za-z0-9+/_=-]+)*", secret):
        yield from (entry.partition(":")[2] for entry in secret.split(","))
