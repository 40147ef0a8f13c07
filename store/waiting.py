"""The line as the tables tell it: who is queued, who is at work, who stands before whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, true

from store import tables
from store.held_changes import HELD
from store.lifecycle import Status
from store.line import HEAD_START, Asked, Limits, Load, Obstacle, ahead
from store.records import Priority, Task

_tasks, _runs = tables.tasks, tables.runs
_sibling, _sibling_run = _tasks.alias("sibling"), _runs.alias("sibling_run")

SEEN = 200  # of each priority: how far the line is read; whoever stands behind is found when these have started
_AT_WORK = (Status.LAUNCHING, Status.RUNNING, Status.FINISHING)
_COLUMNS = (
    _runs.c.id, _runs.c.task_id, _runs.c.created_at, _runs.c.due_at, _runs.c.waits_for, _tasks.c.priority,
    _tasks.c.repository, _tasks.c.requested_by, _tasks.c.agent, _tasks.c.issue_number,
)  # fmt: skip


def load_now(connection: Connection) -> Load:
    """What is at work now."""
    query = (
        select(_tasks.c.repository, _tasks.c.requested_by, func.count())
        .join(_runs, _runs.c.id == _tasks.c.run_id)
        .where(_at_work(_tasks, _runs))
        .group_by(_tasks.c.repository, _tasks.c.requested_by)
    )
    load = Load()
    for repository, login, number in connection.execute(query):
        load.add(repository, login, number)
    return load


def asked(connection: Connection, run_id: str) -> Asked:
    """The run as one who asks for a place."""
    query = select(*_COLUMNS).join(_tasks, _tasks.c.id == _runs.c.task_id).where(_runs.c.id == run_id)
    return _record(connection.execute(query).mappings().one())


def somebody_waits(connection: Connection) -> bool:
    """Whether anybody does: one look into a small index."""
    waiting = select(_runs.c.id).where(_runs.c.waits_for.is_not(None), _runs.c.finished_at.is_(None))
    return connection.execute(waiting.limit(1)).first() is not None


def head(
    connection: Connection, load: Load, limits: Limits, now: datetime, *, before: Asked | None = None
) -> list[Asked]:
    """The head of the line, or of its part before one run; without those whom a limit of their own stops."""
    people, repositories = load.full(limits)
    wanted = and_(
        func.lower(_tasks.c.requested_by).not_in(people),
        func.lower(_tasks.c.repository).not_in(repositories),
        true() if before is None else _before(before),
    )
    found = [one for priority in Priority for one in _rows(connection, wanted, priority, SEEN, now=now)]
    for asked, blocked in found:
        if blocked:
            load.occupy(asked)
    return [asked for asked, _ in found]


def first(connection: Connection, *, most: int) -> list[Asked]:
    """The runs that wait for a place, the first in line first."""
    waiting = _runs.c.waits_for.is_not(None)
    found = [one for priority in Priority for one in _rows(connection, waiting, priority, most)]
    return sorted((asked for asked, _ in found), key=lambda asked: asked.place)[:most]


def position(connection: Connection, task: Task, *, most: int) -> int:
    """How many queued tasks stand before this one for what it waits for: of its issue, its user, its repository, or
    of all who wait for any place. Counts no further than `most`."""
    mine = asked(connection, task.run_id)
    rivals = {
        None: _for_any_place(),
        Obstacle.DEPLOYMENT: _for_any_place(),
        Obstacle.USER: func.lower(_tasks.c.requested_by) == mine.requested_by.lower(),
        Obstacle.REPOSITORY: func.lower(_tasks.c.repository) == mine.repository.lower(),
        Obstacle.ISSUE: _same_issue(_tasks, mine),
    }[mine.waits_for]
    before = _queued(_tasks.c.id).where(_runs.c.id != mine.run_id, rivals, _before(mine))
    return connection.execute(select(func.count()).select_from(before.limit(most).subquery())).scalar_one()


def positions(connection: Connection, tasks: Sequence[Task], *, most: int) -> dict[str, int]:
    """The same for several queued tasks, by their ids: the line is read once, unless it is longer than `most`."""
    if not tasks:
        return {}
    rows = connection.execute(_queued(*_COLUMNS).limit(most + 1)).mappings().all()
    if len(rows) > most:
        return {task.id: position(connection, task, most=most) for task in tasks}
    before = ahead(map(_record, rows))
    return {task.id: before.get(task.run_id, 0) for task in tasks}


def behind_a_sibling(connection: Connection, asked: Asked) -> bool:
    """Whether a task of the same issue and agent is at work, or stands before this one."""
    if asked.issue_number is None:
        return False
    other = select(_tasks.c.id).join(_runs, _runs.c.id == _tasks.c.run_id)
    other = other.where(_same_issue(_tasks, asked), _runs.c.id != asked.run_id)
    standing = or_(_at_work(_tasks, _runs), and_(_tasks.c.status == Status.QUEUED, _before(asked)))
    return connection.execute(other.where(standing).limit(1)).first() is not None


def _queued(*columns: Any) -> Select[Any]:
    present = select(*columns).select_from(_tasks.join(_runs, _runs.c.id == _tasks.c.run_id))
    return present.where(_tasks.c.status == Status.QUEUED)


def _rows(
    connection: Connection, wanted: ColumnElement[bool], priority: Priority, most: int, *, now: datetime | None = None
) -> list[tuple[Asked, bool]]:
    """Queued runs of one priority, and whether a task of their issue and agent is at work."""
    query = _queued(*_COLUMNS, _sibling_at_work().label("blocked")).where(wanted, _tasks.c.priority == priority)
    rows = connection.execute(query.order_by(_runs.c.created_at, _runs.c.id).limit(most)).mappings()
    return [(_record(row, now), bool(row["blocked"])) for row in rows]


def _record(row: Mapping[Any, Any], now: datetime | None = None) -> Asked:
    return Asked(
        run_id=row["id"],
        task_id=row["task_id"],
        since=row["created_at"],
        priority=Priority(row["priority"]),
        repository=row["repository"],
        requested_by=row["requested_by"],
        agent=row["agent"],
        issue_number=row["issue_number"],
        ready=now is None or row["due_at"] is None or row["due_at"] <= now,
        waits_for=Obstacle(row["waits_for"]) if row["waits_for"] else None,
    )


def _before(asked: Asked) -> ColumnElement[bool]:
    """Those with an earlier place, said so that no database has to reckon with times."""
    moment, run_id = asked.place
    ways = (
        and_(
            _tasks.c.priority == priority,
            or_(
                _runs.c.created_at < moment + lead,
                and_(_runs.c.created_at == moment + lead, _runs.c.id < run_id),
            ),
        )
        for priority, lead in HEAD_START.items()
    )
    return or_(*ways)


def _sibling_at_work() -> ColumnElement[bool]:
    same = and_(
        _sibling.c.repository == _tasks.c.repository,
        _sibling.c.issue_number == _tasks.c.issue_number,
        _sibling.c.agent == _tasks.c.agent,
    )
    joined = select(_sibling.c.id).join(_sibling_run, _sibling_run.c.id == _sibling.c.run_id)
    return exists(joined.where(same, _at_work(_sibling, _sibling_run)).correlate(_tasks))


def _same_issue(table: Any, asked: Asked) -> ColumnElement[bool]:
    return and_(
        table.c.repository == asked.repository,
        table.c.issue_number == asked.issue_number,
        table.c.agent == asked.agent,
    )


def _at_work(of_tasks: Any, of_runs: Any) -> ColumnElement[bool]:
    """A run whose change is held for approval has no machine any more, so it takes no place."""
    return and_(of_tasks.c.status.in_(_AT_WORK), func.coalesce(of_runs.c.phase, "") != HELD)


def _for_any_place() -> ColumnElement[bool]:
    return or_(_runs.c.waits_for.is_(None), _runs.c.waits_for == Obstacle.DEPLOYMENT)
