"""Which GitHub App counts: the one the environment names, else the one that was made on the set-up page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from jobs.config import Config
from jobs.github.manifest import NewApp
from store import audit, settings, vault
from store.database import Database
from store.errors import VaultError
from store.vault import Vault

OWNER, SEALED = "porter", "GITHUB_APP"  # all of the App in one: no part of it can be exchanged for another's
NOTE = "github_app"  # what pages may show of it


@dataclass(frozen=True)
class Note:
    """What may be known of the stored App: never its keys."""

    id: int
    slug: str
    name: str
    html_url: str
    by: str
    at: str


def stored(db: Database, keys: Vault) -> NewApp | None:
    """The App that is kept, keys and all. Raises VaultError when it does not open."""
    text = vault.use(db, keys, OWNER, SEALED)
    if text is None:
        return None
    try:
        return NewApp(**json.loads(text))
    except (ValueError, TypeError):
        raise VaultError("the stored GitHub App cannot be read; make one anew on the set-up page") from None


def note(db: Database) -> Note | None:
    """What may be shown of the stored App."""
    kept: Any = settings.get(db, settings.PORTER, NOTE)
    return Note(**kept) if kept else None


def save(db: Database, keys: Vault, app: NewApp, *, by: str, now: datetime) -> None:
    """Keep the App, sealed, in place of the one there may be."""
    known = Note(app.id, app.slug, app.name, app.html_url, by, now.isoformat())
    with db.write() as connection:
        vault.put_in(connection, keys, OWNER, SEALED, json.dumps(asdict(app)), by=by, now=now)
        settings.put_in(connection, settings.PORTER, NOTE, asdict(known), by=by, now=now)
        audit.note(connection, who=by, action="app_created", what=f"GitHub App {app.slug}", now=now)


def forget(db: Database, *, by: str, now: datetime) -> bool:
    """Forget the stored App; False when there was none. At GitHub it stays."""
    known = note(db)
    with db.write() as connection:
        gone = [vault.remove_in(connection, OWNER, SEALED), settings.remove_in(connection, settings.PORTER, NOTE)]
        if any(gone):
            what = f"GitHub App {known.slug}" if known else "GitHub App"
            audit.note(connection, who=by, action="app_forgotten", what=what, now=now)
    return any(gone)


def with_app(config: Config, app: NewApp) -> Config:
    """Pure. The configuration with the stored App in it, as a whole: a secret of the environment belongs to no App.

    People sign in with it from then on, but only when PORTER_ADMINS names somebody, so that nobody is locked out of the
    set-up page.
    """
    found: dict[str, Any] = {
        "github_app_id": str(app.id),
        "github_app_slug": app.slug,
        "github_app_private_key": SecretStr(app.private_key),
        "github_webhook_secret": SecretStr(app.webhook_secret),
        "github_webhook_secret_previous": None,
    }
    if may_sign_in(config):
        found |= {"github_client_id": app.client_id, "github_client_secret": SecretStr(app.client_secret)}
    return config.model_copy(update=found)


def may_sign_in(config: Config) -> bool:
    """Pure. Whether a stored App would be used to sign people in."""
    one_host = urlsplit(config.url).hostname == urlsplit(config.dashboard_url).hostname
    return config.is_production and bool(config.admins) and one_host
