"""Who may do a thing alone, and how often a thing may be done; both in the database, so that every process agrees."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

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


def reserve(db: Database, name: str, *, now: datetime, interval: float, burst: int = 1) -> float:
    """Reserve the next place in a paced line: the seconds to wait before acting, 0 for at once.

    One act per `interval` seconds, `burst` of them without a wait after a pause (the generic cell rate algorithm).
    """
    step, slack = timedelta(seconds=interval), timedelta(seconds=interval * (burst - 1))
    with db.write() as connection:
        dialect.insert_new(connection, _paces, [{"name": name, "next_at": now}])
        locked = select(_paces.c.next_at).where(_paces.c.name == name).with_for_update()
        due = max(connection.execute(locked).scalar_one(), now)
        connection.execute(update(_paces).where(_paces.c.name == name).values(next_at=due + step))
    wait: timedelta = due - slack - now
    return max(0.0, wait.total_seconds())
