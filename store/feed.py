"""Reading tasks in lists: filters as a value, pages by key, counts that stay cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select, true, union_all

from store import tables, waiting
from store.among import among
from store.database import Database
from store.held_changes import HELD
from store.lifecycle import LIVE, Status
from store.records import Task
from store.tasks import record

_tasks = tables.tasks
COUNT_LIMIT = 1000  # beyond it a count says "1,000+": an exact one reads every row


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks to list; empty means all. `search` looks in titles, or is an issue number. `pulls`: the states of
    their pull requests. `needs_person`: only what waits for somebody's decision, or only the rest. `only`: the
    repositories that the reader may see (None: all; an empty set: nothing)."""

    statuses: frozenset[Status] = frozenset()
    repository: str | None = None
    branch: str | None = None
    issue_number: int | None = None
    agent: str | None = None
    requested_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None
    pulls: frozenset[str] = frozenset()
    needs_person: bool | None = None
    only: frozenset[str] | None = None


@dataclass(frozen=True)
class Page:
    """Tasks, newest first, and the key of the next page (None at the end)."""

    tasks: list[Task]
    next_key: str | None


def page(db: Database, wanted: TaskFilter, *, after: str | None = None, limit: int = 50) -> Page:
    """One page of tasks behind the key `after`. Raises ValueError for a key that is none."""
    query = select(_tasks).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(limit + 1)
    if after is not None:
        at, task_id = _read_key(after)
        behind = and_(_tasks.c.created_at == at, _tasks.c.id < task_id)
        query = query.where(or_(_tasks.c.created_at < at, behind))
    with db.read() as connection:
        query = query.where(_visible(connection, wanted))
        found = [record(row) for row in connection.execute(query).mappings()]
    shown = found[:limit]
    more = f"{shown[-1].created_at.isoformat()}/{shown[-1].id}" if len(found) > limit else None
    return Page(shown, more)


def counts(db: Database, wanted: TaskFilter) -> Mapping[Status, int]:
    """How many tasks of each status match, each count stopped at `COUNT_LIMIT` + 1. Ignores `wanted.statuses`."""
    found: dict[Status, int] = {}
    with db.read() as connection:
        where = _visible(connection, replace(wanted, statuses=frozenset()))
        for status in Status:
            found[status] = _count(connection, where & (_tasks.c.status == status))
    return found


def count(db: Database, wanted: TaskFilter) -> int:
    """How many tasks match, stopped at `COUNT_LIMIT` + 1."""
    with db.read() as connection:
        return _count(connection, _visible(connection, wanted))


def repositories(db: Database, *, like: str = "", only: frozenset[str] | None = None, limit: int = 20) -> list[str]:
    """Names of known repositories that contain `like`, for type-ahead; `only` as in a filter."""
    names = tables.repositories.c.full_name
    query = select(names).where(names.icontains(like, autoescape=True)).order_by(names).limit(limit)
    if only is not None:
        query = query.where(among(names, only))
    with db.read() as connection:
        return [str(name) for name in connection.execute(query).scalars()]


def latest_names(
    db: Database, of: Literal["agent", "requested_by", "branch"], wanted: TaskFilter, *, like: str = "", limit: int = 50
) -> list[str]:
    """The different agents, people or branches of the newest `COUNT_LIMIT` tasks that match, in order; those that
    contain `like`."""
    newest = select(_tasks.c[of]).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(COUNT_LIMIT)
    with db.read() as connection:
        column = newest.where(_visible(connection, wanted)).subquery().c[of]
        query = select(column).distinct().where(column.icontains(like, autoescape=True)).order_by(column).limit(limit)
        return [str(name) for name in connection.execute(query).scalars()]


def issues(db: Database, wanted: TaskFilter, *, limit: int = 50) -> list[tuple[int, str]]:
    """The issues of the newest tasks that match, each once with its title, the latest asked about first."""
    query = select(_tasks.c.issue_number, _tasks.c.issue_title)
    found: dict[int, str] = {}
    with db.read() as connection:
        query = query.where(_visible(connection, wanted))
        newest = query.order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc()).limit(4 * limit)
        for number, title in connection.execute(newest):
            if number is not None:
                found.setdefault(int(number), str(title))
    return list(found.items())[:limit]


def names(db: Database, of: Literal["agent", "requested_by"], *, limit: int = 50) -> list[str]:
    """The different agents or people of all tasks, in order. One look into the index for each, however many tasks."""
    column, found = _tasks.c[of], list[str]()
    with db.read() as connection:
        while len(found) < limit:
            behind = column > found[-1] if found else true()
            following = connection.execute(select(column).where(behind).order_by(column).limit(1)).scalar()
            if following is None:
                break
            found.append(str(following))
    return found


def stopping(db: Database, listed: Sequence[Task]) -> frozenset[str]:
    """Those of these tasks that were asked to stop and are still at work."""
    at_work = [task.run_id for task in listed if task.status in LIVE and task.status is not Status.QUEUED]
    runs = tables.runs
    query = select(runs.c.task_id).where(runs.c.id.in_(at_work), runs.c.cancel_requested_at.is_not(None))
    with db.read() as connection:
        return frozenset(connection.execute(query).scalars())


def position(db: Database, task: Task) -> int:
    """How many tasks wait before this queued one for the same thing (0: it is next); stopped at `COUNT_LIMIT` + 1."""
    with db.read() as connection:
        return waiting.position(connection, task, most=COUNT_LIMIT + 1)


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    some = select(_tasks.c.id).where(where).limit(COUNT_LIMIT + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _read_key(key: str) -> tuple[datetime, str]:
    at, _, task_id = key.partition("/")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or not task_id.isalnum():
        raise ValueError(f"not the key of a page: {key[:80]!r}")
    return moment, task_id


def _visible(connection: Connection, wanted: TaskFilter) -> ColumnElement[bool]:
    """`wanted`, with the tasks themselves in place of `only` when they are few: else a database may look for them among
    all others, newest first, to the very end."""
    if wanted.only is None:
        return _where(wanted)
    query = select(_tasks.c.id).where(among(_tasks.c.repository, wanted.only)).limit(COUNT_LIMIT + 1)
    ids = list(connection.execute(query).scalars())
    if len(ids) > COUNT_LIMIT:
        return _where(wanted)
    return _where(replace(wanted, only=None)) & among(_tasks.c.id, ids)


def _where(wanted: TaskFilter) -> ColumnElement[bool]:
    tests: list[ColumnElement[bool]] = [true()]
    if wanted.statuses:
        tests.append(_tasks.c.status.in_(sorted(wanted.statuses)))
    for column, value in (
        (_tasks.c.repository, wanted.repository),
        (_tasks.c.branch, wanted.branch),
        (_tasks.c.issue_number, wanted.issue_number),
        (_tasks.c.agent, wanted.agent),
        (_tasks.c.requested_by, wanted.requested_by),
    ):
        if value:
            tests.append(column == value)
    if wanted.since:
        tests.append(_tasks.c.created_at >= wanted.since)
    if wanted.until:
        tests.append(_tasks.c.created_at < wanted.until)
    if wanted.search:
        tests.append(_matches(wanted.search))
    if wanted.pulls:
        tests.append(_tasks.c.pr_state.in_(sorted(wanted.pulls)))
    if wanted.only is not None:
        tests.append(among(_tasks.c.repository, wanted.only))
    if wanted.needs_person is not None:
        tests.append(_needs_person() if wanted.needs_person else not_(_needs_person()))
    return and_(*tests)


def _needs_person() -> ColumnElement[bool]:
    """A held change, or finished work whose pull request nobody has merged or closed. As a set of ids, which two
    indexes give: they are few however many tasks there are."""
    held, runs, one = tables.held_changes, tables.runs, _tasks.alias()
    waits = held.c.decision.is_(None) & (runs.c.phase == HELD) & runs.c.finished_at.is_(None)
    is_held = (one.c.run_id == held.c.run_id) & (one.c.status == Status.FINISHING)
    of_held = held.join(runs, runs.c.id == held.c.run_id).join(one, one.c.id == held.c.task_id)
    to_review = select(one.c.id).where(one.c.pr_state == "open", one.c.status == Status.SUCCEEDED)
    return _tasks.c.id.in_(union_all(select(one.c.id).select_from(of_held).where(waits, is_held), to_review))


def _matches(text: str) -> ColumnElement[bool]:
    digits = text.removeprefix("#")
    if digits.isdecimal() and len(digits) < 10:
        return _tasks.c.issue_number == int(digits)
    return _tasks.c.issue_title.icontains(text, autoescape=True)
