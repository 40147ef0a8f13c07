"""The data directory of an embedded Porter: its database, its logs, and the secrets it made for itself."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from pathlib import Path

from porter.errors import StartError

_SECRETS = "secrets.env"


class DataDir:
    """A private folder (mode 0700) that one Porter uses at a time. `path` is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def lock(self) -> None:
        """Raises StartError while another Porter runs here."""
        lock = os.open(self.path / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until this process ends
        except BlockingIOError:
            os.close(lock)
            message = f"another Porter runs in {self.path}; stop it, or set PORTER_DATA_DIR to another folder"
            raise StartError(message) from None

    def secrets(self) -> dict[str, str]:
        """The secrets this Porter made for itself, made now if there are none. Variables of the environment win."""
        file = self.path / _SECRETS
        if not file.exists():
            write_private(file, "".join(f"{name}={value}\n" for name, value in _new_secrets().items()))
        return known_secrets(self.path)


def known_secrets(path: Path) -> dict[str, str]:
    """The secrets that a Porter has made for itself in this folder; none where there has been none, or where they are
    not the caller's to read. Variables of the environment win."""
    try:
        lines = (path / _SECRETS).read_text().splitlines()
    except OSError:
        return {}
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    return {name: os.environ.get(name) or value for name, value in known.items()}


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, never half of it."""
    part = file.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    part.replace(file)


def _new_secrets() -> dict[str, str]:
    return {
        "PORTER_VAULT_KEYS": "v1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "GITHUB_WEBHOOK_SECRET": secrets.token_urlsafe(32),
    }
