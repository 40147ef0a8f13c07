"""Who signed in some day, whom an admin named, and what role each was given.

GitHub's number tells people apart, once it is known: a login may change, and somebody else may have it then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from store import audit, dialect, tables
from store.database import Database
from store.errors import NotFound, StoreError

_members = tables.members
SEEN_EVERY = timedelta(minutes=10)  # "last seen" is no truer than that, and a page that looks again writes nothing


class Role(StrEnum):
    """`admin`: what concerns all. `member`: what GitHub lets them do. `viewer`: looks, and changes nothing."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class LastAdmin(StoreError):
    """Nobody would be left who may change what concerns all."""

    def __init__(self, login: str) -> None:
        super().__init__(f"{login} is the last admin; make somebody else one first, or name one in PORTER_ADMINS")
        self.login = login


@dataclass(frozen=True)
class Member:
    """Somebody who signed in (`person_id`), or was only named by their login. `role` None: that of newcomers."""

    id: int
    person_id: int | None
    login: str
    name: str
    role: Role | None
    role_by: str
    since: datetime
    seen_at: datetime | None


def arrived(connection: Connection, person_id: int, login: str, name: str, *, now: datetime) -> None:
    """Somebody signed in. They keep their role under a new login; one that was given to a login before its person was
    known becomes theirs, if they have none yet."""
    found = connection.execute(select(_members).where(_is(login)).with_for_update()).mappings().first()
    mine = connection.execute(select(_members).where(_members.c.person_id == person_id)).mappings().first()
    told: dict[str, Any] = {"person_id": person_id, "login": login, "login_key": login.lower(), "name": name}
    told["seen_at"] = now
    if mine is None and found is not None and found["person_id"] is None:
        mine = found
    elif found is not None and (mine is None or found["id"] != mine["id"]):
        told |= _taken_over(connection, found, mine)
    if mine is None:
        dialect.insert_new(connection, _members, [_new(login, now) | told])
    else:
        connection.execute(_members.update().where(_members.c.id == mine["id"]).values(told))


def _taken_over(connection: Connection, found: Mapping[Any, Any], mine: Mapping[Any, Any] | None) -> dict[str, Any]:
    """The login was somebody else's, or only named: what of that becomes this person's."""
    if found["person_id"] is not None:  # they have another login now, which their next sign-in tells
        connection.execute(_members.update().where(_members.c.id == found["id"]).values(login_key=None))
        return {}
    connection.execute(_members.delete().where(_members.c.id == found["id"]))
    inherits = mine is not None and mine["role"] is None
    return {"role": found["role"], "role_by": found["role_by"]} if inherits else {}


def saw(db: Database, person_id: int, *, now: datetime) -> None:
    """Somebody looked."""
    with db.write() as connection:
        connection.execute(_members.update().where(_members.c.person_id == person_id).values(seen_at=now))


def find(db: Database, login: str) -> Member | None:
    """Whoever has this login now, as far as is known."""
    with db.read() as connection:
        row = connection.execute(select(_members).where(_is(login))).mappings().first()
    return _record(row) if row else None


def get(db: Database, member_id: int) -> Member:
    """Raises NotFound."""
    with db.read() as connection:
        return _get(connection, member_id)


def known(db: Database, *, search: str = "", limit: int = 200) -> list[Member]:
    """Everybody, those with a role of their own first and then whoever was seen last; `search` in login and name."""
    query = select(_members)
    if search:
        told = (_members.c.login, _members.c.name)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in told)))
    order = (_members.c.role.is_(None), func.coalesce(_members.c.seen_at, _members.c.since).desc(), _members.c.id)
    with db.read() as connection:
        return [_record(row) for row in connection.execute(query.order_by(*order).limit(limit)).mappings()]


def name(db: Database, login: str, role: Role, *, by: str, now: datetime) -> Member:
    """Give a role to somebody by their login, whether they have signed in or not."""
    with db.write() as connection:
        dialect.insert_new(connection, _members, [_new(login, now)])
        member_id = connection.execute(select(_members.c.id).where(_is(login))).scalar_one()
        return _give(connection, member_id, role, by=by, now=now, others_remain=True)


def give(
    db: Database, member_id: int, role: Role | None, *, by: str, now: datetime, others_remain: bool = False
) -> Member:
    """Give somebody a role, or (None) that of newcomers; a line of the audit tells of it. `others_remain`: there are
    admins besides those in the table.

    Raises NotFound, LastAdmin.
    """
    with db.write() as connection:
        return _give(connection, member_id, role, by=by, now=now, others_remain=others_remain)


def _give(
    connection: Connection, member_id: int, role: Role | None, *, by: str, now: datetime, others_remain: bool
) -> Member:
    # Locked as a whole: two admins who demote each other at one moment must not both succeed.
    admins = select(_members.c.id).where(_members.c.role == Role.ADMIN).order_by(_members.c.id).with_for_update()
    left = set(connection.execute(admins).scalars()) - {member_id}
    before = _get(connection, member_id)
    if before.role is Role.ADMIN and role is not Role.ADMIN and not left and not others_remain:
        raise LastAdmin(before.login)
    if before.role == role:
        return before
    values = {"role": role and str(role), "role_by": by}
    connection.execute(_members.update().where(_members.c.id == member_id).values(values))
    words = " → ".join(one or "as newcomers" for one in (before.role, role))
    audit.note(connection, who=by, action="role_changed", what=f"member/{before.login}", detail=words, now=now)
    return _get(connection, member_id)


def _is(login: str) -> ColumnElement[bool]:
    return _members.c.login_key == login.lower()


def _new(login: str, now: datetime) -> dict[str, Any]:
    return {"login": login, "login_key": login.lower(), "name": "", "since": now, "role_by": ""}


def _get(connection: Connection, member_id: int) -> Member:
    row = connection.execute(select(_members).where(_members.c.id == member_id)).mappings().first()
    if row is None:
        raise NotFound("member", str(member_id))
    return _record(row)


def _record(row: Mapping[Any, Any]) -> Member:
    names = ("id", "person_id", "login", "name", "role_by", "since", "seen_at")
    return Member(**{name: row[name] for name in names}, role=Role(row["role"]) if row["role"] else None)
