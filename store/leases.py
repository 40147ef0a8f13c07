"""Who may do a thing alone, and how often a thing may be done; both in the database, so that every process agrees."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf

from sqlalchemy import Connection, or_, select, update

from store import dialect, tables
from store.database import Database

_leases, _paces = tables.leases, tables.paces


def hold(db: Database, name: str, *, holder: str, now: datetime, seconds: float = 20.0) -> bool:
    """Take or renew the lease `name` for `seconds`; False while another holds it."""
    until = now + timedelta(seconds=seconds)
    with db.write() as connection:
        if dialect.insert_new(connection, _leases, [{"name": name, "holder": holder, "until": until}]):
            return True
        mine = (_leases.c.name == name) & or_(_leases.c.holder == holder, _leases.c.until <= now)
        values = {"holder": holder, "until": until}
        return connection.execute(update(_leases).where(mine).values(values)).rowcount == 1


def let_go(db: Database, name: str, *, holder: str) -> None:
    """End the lease early, so that another can take it at once."""
    with db.write() as connection:
        connection.execute(_leases.delete().where(_leases.c.name == name, _leases.c.holder == holder))


def held_by(db: Database, name: str) -> tuple[str, datetime] | None:
    """Who took the lease last, and until when; it may have run out since."""
    with db.read() as connection:
        row = connection.execute(select(_leases.c.holder, _leases.c.until).where(_leases.c.name == name)).first()
    return None if row is None else (str(row.holder), row.until)


def reserve(db: Database, name: str, *, now: datetime, interval: float, burst: int = 1, at_most: float = inf) -> float:
    """Reserve the next place in a paced line: the seconds to wait before acting, 0 for at once.

    One act per `interval` seconds, `burst` of them without a wait after a pause (the generic cell rate algorithm). A
    place that is more than `at_most` seconds off is told and not taken.
    """
    with db.write() as connection:
        due = _due(connection, name, now)
        wait = _wait(due, now, interval, burst)
        if wait <= at_most:
            _move_on(connection, name, due + timedelta(seconds=interval))
    return wait


def take(db: Database, name: str, *, now: datetime, interval: float, burst: int = 1) -> bool:
    """Whether the act may be done at once; only then is it counted. For what is dropped rather than waited for."""
    with db.write() as connection:
        due = _due(connection, name, now)
        if _wait(due, now, interval, burst) > 0:
            return False
        _move_on(connection, name, due + timedelta(seconds=interval))
        return True


def hold_back(db: Database, name: str, *, until: datetime) -> None:
    """Let nothing of this name happen before `until`; an earlier moment changes nothing."""
    with db.write() as connection:
        if not dialect.insert_new(connection, _paces, [{"name": name, "next_at": until}]):
            earlier = (_paces.c.name == name) & (_paces.c.next_at < until)
            connection.execute(update(_paces).where(earlier).values(next_at=until))


def rest(db: Database, name: str, *, now: datetime) -> float:
    """Seconds until something of this name may happen; 0 for now. Reserves nothing."""
    with db.read() as connection:
        next_at = connection.execute(select(_paces.c.next_at).where(_paces.c.name == name)).scalar()
    return 0.0 if next_at is None else max(0.0, (next_at - now).total_seconds())


def _due(connection: Connection, name: str, now: datetime) -> datetime:
    dialect.insert_new(connection, _paces, [{"name": name, "next_at": now}])
    locked = select(_paces.c.next_at).where(_paces.c.name == name).with_for_update()
    found: datetime = connection.execute(locked).scalar_one()
    return max(found, now)


def _move_on(connection: Connection, name: str, next_at: datetime) -> None:
    connection.execute(update(_paces).where(_paces.c.name == name).values(next_at=next_at))


def _wait(due: datetime, now: datetime, interval: float, burst: int) -> float:
    return max(0.0, round((due - now).total_seconds() - interval * (burst - 1), 6))
