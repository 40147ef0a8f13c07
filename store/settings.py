"""Settings: values by scope and name, as people or Porter itself set them.

A scope is `global`, `repo:<owner/name>`, `user:<login>`, or `porter` for what Porter notes for itself. Like GitHub's
names, scopes do not tell upper from lower case.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from store import dialect, tables
from store.database import Database

_settings = tables.settings

GLOBAL = "global"
PORTER = "porter"


def of_repository(full_name: str) -> str:
    """The scope of a repository."""
    return f"repo:{full_name.lower()}"


def of_user(login: str) -> str:
    """The scope of a person."""
    return f"user:{login.lower()}"


def get(db: Database, scope: str, name: str) -> Any | None:
    """The value, or None when none is set."""
    return of_scope(db, scope).get(name)


def of_scope(db: Database, scope: str) -> dict[str, Any]:
    """All values of a scope, by name."""
    return of_scopes(db, [scope])[scope.lower()]


def of_scopes(db: Database, scopes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """All values of several scopes, by lower-case scope and name, in one look."""
    found: dict[str, dict[str, Any]] = {scope.lower(): {} for scope in scopes}
    query = select(_settings.c.scope, _settings.c.name, _settings.c.value).where(_settings.c.scope.in_(found))
    with db.read() as connection:
        for scope, name, value in connection.execute(query):
            found[scope][name] = value
    return found


def put(db: Database, scope: str, name: str, value: Any, *, by: str, now: datetime) -> None:
    """Set or replace a value: anything JSON has but null."""
    with db.write() as connection:
        put_in(connection, scope, name, value, by=by, now=now)


def put_in(connection: Connection, scope: str, name: str, value: Any, *, by: str, now: datetime) -> None:
    """`put` as part of a larger change."""
    row = {"scope": scope.lower(), "name": name, "value": value, "updated_at": now, "updated_by": by}
    dialect.upsert(connection, _settings, row, keys=["scope", "name"])


def remove(db: Database, scope: str, name: str) -> bool:
    """Forget a value; False when there was none."""
    with db.write() as connection:
        return remove_in(connection, scope, name)


def remove_in(connection: Connection, scope: str, name: str) -> bool:
    """`remove` as part of a larger change."""
    mine = (_settings.c.scope == scope.lower()) & (_settings.c.name == name)
    return connection.execute(_settings.delete().where(mine)).rowcount > 0


def counts(db: Database) -> dict[str, int]:
    """How many values people have set in each scope, by lower-case scope."""
    by_people = _settings.c.updated_by != "file"
    query = select(_settings.c.scope, func.count()).where(by_people).group_by(_settings.c.scope)
    with db.read() as connection:
        return {str(scope): int(count) for scope, count in connection.execute(query)}
