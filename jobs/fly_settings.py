"""Which Fly app, token and size count: what was saved in Porter, else the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from jobs.config import Config
from jobs.hosts.errors import HostRefused
from jobs.hosts.fly_place import FlyPlace, bare, may_be_token
from store import audit, settings, vault
from store.database import Database
from store.vault import Vault

OWNER, TOKEN = "global", "FLY_API_TOKEN"
SAVED = "fly"  # Porter's own note: the app and the organisation that were found good together with the token
STORED, ENVIRONMENT = "stored", "environment"


class FlyNotSetUp(HostRefused):
    """There is no token or no app, so no machine can be rented."""


@dataclass(frozen=True)
class Known:
    """What is known before Fly is asked. The sources are `stored`, `environment` or None."""

    token: str = field(repr=False)
    token_source: str | None
    app: str | None
    app_source: str | None
    org: str | None


def known(db: Database, keys: Vault, config: Config) -> Known:
    """What was saved wins: it was found good when it was saved. Raises VaultError when it does not open."""
    kept = vault.use(db, keys, OWNER, TOKEN)
    given = config.fly_api_token.get_secret_value() if config.fly_api_token else ""
    note: Mapping[str, Any] = settings.get(db, settings.PORTER, SAVED) or {}
    app, org = note.get("app"), note.get("org")
    return Known(
        token=bare(kept or given),
        token_source=STORED if kept else ENVIRONMENT if given else None,
        app=app or config.fly_app_name,
        app_source=STORED if app else ENVIRONMENT if config.fly_app_name else None,
        org=org,
    )


def place(db: Database, keys: Vault, config: Config) -> FlyPlace:
    """Where the next machine is rented, read anew each time. Raises FlyNotSetUp."""
    found = known(db, keys, config)
    if not may_be_token(found.token) or not found.app:
        missing = "app" if found.app is None else "token" if not found.token else "token that could be one"
        raise FlyNotSetUp(
            f"Fly is not set up: there is no {missing}. Save one with `porter fly set` or PUT /api/config/fly "
            f"(docs/operations.md), then retry"
        )
    return sized(found.token, found.app, settings.of_scope(db, settings.GLOBAL), config)


def sized(token: str, app: str, everyone: Mapping[str, Any], config: Config) -> FlyPlace:
    """Pure. The place with the size and regions that are set for everyone, else the environment's."""
    return FlyPlace(
        token=token,
        app=app,
        image=config.worker_image,
        regions=tuple(everyone.get("regions") or config.fly_regions),
        cpu_kind=everyone.get("machine_cpu_kind") or config.machine_cpu_kind,
        cpus=everyone.get("machine_cpus") or config.machine_cpus,
        memory_mb=everyone.get("machine_memory_mb") or config.machine_memory_mb,
    )


def save(
    db: Database,
    keys: Vault,
    *,
    token: str | None,
    app: str,
    org: str | None,
    sizes: Mapping[str, Any],
    by: str,
    now: datetime,
) -> None:
    """Keep what was found good, all of it or nothing, and with it who changed what. No `token`: the one there is stays
    as it is."""
    before: Mapping[str, Any] = settings.get(db, settings.PORTER, SAVED) or {}
    sized_before = settings.of_scope(db, settings.GLOBAL)
    told = {name: (before.get(name), value) for name, value in (("app", app), ("org", org))}
    told |= {name: (sized_before.get(name), value) for name, value in sizes.items()}
    with db.write() as connection:
        if token is not None:
            vault.put_in(connection, keys, OWNER, TOKEN, token, by=by, now=now)
            _note(connection, TOKEN, f"app {app}", by=by, now=now)
        settings.put_in(connection, settings.PORTER, SAVED, {"app": app, "org": org}, by=by, now=now)
        for name, value in sizes.items():
            settings.put_in(connection, settings.GLOBAL, name, value, by=by, now=now)
        for name, (was, value) in told.items():
            if was != value:
                _note(connection, name, _words(value), by=by, now=now)


def forget(db: Database, *, by: str, now: datetime) -> bool:
    """Forget the saved token and app; False when there was neither. Size and regions are settings like others."""
    with db.write() as connection:
        gone = [vault.remove_in(connection, OWNER, TOKEN), settings.remove_in(connection, settings.PORTER, SAVED)]
        if any(gone):
            audit.note(connection, who=by, action="secret_removed", what=f"{OWNER}/{TOKEN}", now=now)
    return any(gone)


def _note(connection: Connection, name: str, detail: str, *, by: str, now: datetime) -> None:
    """Never with the token in it: `detail` is a name or a size."""
    audit.note(connection, who=by, action="fly_changed", what=f"{OWNER}/{name}", detail=detail, now=now)


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)
