"""What GitHub said people may do in a repository: remembered for a moment, so that a busy issue is one question."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from store import dialect, tables
from store.database import Database

_permissions = tables.permissions


def remember(db: Database, repository: str, login: str, role: str, *, now: datetime) -> None:
    """Keep GitHub's answer in place of an older one. Logins are the same whatever their case."""
    row = {"repository": repository, "login": login.lower(), "role": role, "asked_at": now}
    with db.write() as connection:
        dialect.upsert(connection, _permissions, row, keys=["repository", "login"])


def known(db: Database, repository: str, login: str, *, asked_after: datetime) -> str | None:
    """GitHub's answer, unless it is older than that."""
    query = select(_permissions.c.role).where(
        _permissions.c.repository == repository,
        _permissions.c.login == login.lower(),
        _permissions.c.asked_at > asked_after,
    )
    with db.read() as connection:
        return connection.execute(query).scalar()


def forget_older(db: Database, *, than: datetime) -> int:
    """Drop what no longer counts; answers how many."""
    with db.write() as connection:
        return connection.execute(_permissions.delete().where(_permissions.c.asked_at <= than)).rowcount
