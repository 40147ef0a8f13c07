"""Reading tasks in lists: pages by key, counts that stay cheap, names for type-ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import ColumnElement, Select, String, func, literal, select, true, union_all

from store import listing, tables, waiting
from store.among import among
from store.database import Database
from store.filters import TaskFilter, is_not_open, visible, waits_or_not, ways
from store.lifecycle import LIVE, Status
from store.records import Task

__all__ = ["COUNT_LIMIT", "Page", "TaskFilter"]

_tasks = tables.tasks
COUNT_LIMIT = 1000  # beyond it a count says "1,000+": an exact one reads every row


@dataclass(frozen=True)
class Page:
    """Tasks, newest first, and the key of the next page (None at the end)."""

    tasks: list[Task]
    next_key: str | None


def page(db: Database, wanted: TaskFilter, *, after: str | None = None, limit: int = 50) -> Page:
    """One page of tasks behind the key `after`. Raises ValueError for a key that is none."""
    behind = true() if after is None else listing.beyond(after, newer=False)
    with db.read() as connection:
        found = listing.first(connection, [way & behind for way in ways(connection, wanted)], limit=limit + 1)
    shown = found[:limit]
    return Page(shown, listing.key(shown[-1]) if len(found) > limit else None)


def counts(db: Database, wanted: TaskFilter) -> Mapping[Status, int]:
    """How many tasks of each status match, each count stopped at `COUNT_LIMIT` + 1. Ignores `wanted.statuses`."""
    with db.read() as connection:
        every = visible(connection, replace(wanted, statuses=frozenset(), needs_person=None))
        parts = [_some(every & _of_status(status, wanted.needs_person), wanted, status) for status in Status]
        found = {Status(status): int(tasks) for status, tasks in connection.execute(union_all(*parts))}
    return {status: found.get(status, 0) for status in Status}


def count(db: Database, wanted: TaskFilter) -> int:
    """How many tasks match, stopped at `COUNT_LIMIT` + 1."""
    with db.read() as connection:
        return sum(int(tasks) for _, tasks in connection.execute(_some(visible(connection, wanted), wanted)))


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
    """The different agents, people or branches of the newest `COUNT_LIMIT` tasks that match (of few repositories: of
    the newest of each), in order; those that contain `like`."""
    newest = select(_tasks.c[of]).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc())
    with db.read() as connection:
        every = ways(connection, wanted)
        heads = [newest.where(way).limit(COUNT_LIMIT // len(every)).subquery() for way in every]
        column = union_all(*(select(head.c[of]) for head in heads)).subquery().c[of]
        query = select(column).distinct().where(column.icontains(like, autoescape=True)).order_by(column).limit(limit)
        return [str(name) for name in connection.execute(query).scalars()]


def issues(db: Database, wanted: TaskFilter, *, limit: int = 50) -> list[tuple[int, str]]:
    """The issues of the newest tasks that match, each once with its title, the latest asked about first."""
    query = select(_tasks.c.issue_number, _tasks.c.issue_title)
    found: dict[int, str] = {}
    with db.read() as connection:
        query = query.where(visible(connection, wanted))
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


def positions(db: Database, queued: Sequence[Task]) -> Mapping[str, int]:
    """The same for several queued tasks at once, by their ids."""
    with db.read() as connection:
        return waiting.positions(connection, queued, most=COUNT_LIMIT + 1)


def _some(where: ColumnElement[bool], wanted: TaskFilter, name: str = "") -> Select[str, int]:
    """The name, and how many tasks there are, counted no further than one over the limit. In the order of an index:
    else a database may look for them in the table from its beginning, where none may be for long."""
    some = select(_tasks.c.id).where(where).limit(COUNT_LIMIT + 1)
    if wanted.repository:
        some = some.order_by(_tasks.c.pr_state)
    elif wanted.only is None:
        some = some.order_by(_tasks.c.created_at.desc())
    return select(literal(name, String), func.count()).select_from(some.subquery())


def _of_status(status: Status, needs_person: bool | None) -> ColumnElement[bool]:
    """Only of two statuses can a task wait for a person, each in its own way."""
    is_this = _tasks.c.status == status
    if needs_person is None:
        return is_this
    if needs_person or status is Status.FINISHING:
        return is_this & waits_or_not(needs_person)
    return is_this & is_not_open() if status is Status.SUCCEEDED else is_this
