"""Filters of tasks as values, and as conditions that a database answers from its indexes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select, true, union_all

from store import tables
from store.among import among
from store.database import Database
from store.held_changes import HELD
from store.lifecycle import Status

_tasks = tables.tasks
FEW = 1000  # tasks; so many can be named one by one
ONE_BY_ONE = 20  # repositories: of so few the newest tasks are looked for in each
SEARCHED = 50_000  # titles that one search reads


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


def within_reach(db: Database, wanted: TaskFilter) -> TaskFilter:
    """The same, but a search in titles no further back than the newest `SEARCHED` tasks before `until` (of the
    repository, if there is one): no index of ours finds words, and reading a million titles takes seconds."""
    if not wanted.search or _number(wanted.search) is not None:
        return wanted
    around = where(TaskFilter(repository=wanted.repository, until=wanted.until))
    newest = select(_tasks.c.created_at).where(around).order_by(_tasks.c.created_at.desc(), _tasks.c.id.desc())
    with db.read() as connection:
        last = connection.execute(newest.offset(SEARCHED - 1).limit(1)).scalar()
    if last is None or (wanted.since is not None and wanted.since >= last):
        return wanted
    return replace(wanted, since=last)


def ways(connection: Connection, wanted: TaskFilter) -> list[ColumnElement[bool]]:
    """Conditions of which a task that matches meets just one, each with an index for the newest of its tasks."""
    if wanted.only is None or wanted.repository or len(wanted.only) > ONE_BY_ONE:
        return [visible(connection, wanted)]
    rest = replace(wanted, only=None)
    return [where(replace(rest, repository=name)) for name in sorted(wanted.only)] or [false()]


def visible(connection: Connection, wanted: TaskFilter) -> ColumnElement[bool]:
    """The same, with the tasks themselves in place of `only` when they are few: else a database may look for them among
    all others, newest first, to the very end."""
    if wanted.only is None:
        return where(wanted)
    query = select(_tasks.c.id).where(among(_tasks.c.repository, wanted.only)).limit(FEW + 1)
    ids = list(connection.execute(query).scalars())
    if len(ids) > FEW:
        return where(wanted)
    return where(replace(wanted, only=None)) & among(_tasks.c.id, ids)


def where(wanted: TaskFilter) -> ColumnElement[bool]:
    """The tasks that match."""
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
        tests.append(waits_or_not(wanted.needs_person))
    return and_(*tests)


def waits_or_not(needs_person: bool) -> ColumnElement[bool]:
    """A held change, or finished work whose pull request nobody has merged or closed. As a set of ids, which two
    indexes give: they are few however many tasks there are. The rest is told by what each task is itself."""
    one = _tasks.alias()
    if not needs_person:
        may_be = or_(_tasks.c.status != Status.SUCCEEDED, is_not_open())
        return may_be & _tasks.c.id.not_in(_held(one))
    to_review = select(one.c.id).where(one.c.pr_state == "open", one.c.status == Status.SUCCEEDED)
    return _tasks.c.id.in_(union_all(_held(one), to_review))


def is_not_open() -> ColumnElement[bool]:
    """It has no pull request that nobody has merged or closed."""
    return func.coalesce(_tasks.c.pr_state, "") != "open"


def _held(one: Any) -> Select[Any]:
    """The ids of tasks whose change is held."""
    held, runs = tables.held_changes, tables.runs
    waits = held.c.decision.is_(None) & (runs.c.phase == HELD) & runs.c.finished_at.is_(None)
    is_held = (one.c.run_id == held.c.run_id) & (one.c.status == Status.FINISHING)
    of_held = held.join(runs, runs.c.id == held.c.run_id).join(one, one.c.id == held.c.task_id)
    return select(one.c.id).select_from(of_held).where(waits, is_held)


def _matches(text: str) -> ColumnElement[bool]:
    if (number := _number(text)) is not None:
        return _tasks.c.issue_number == number
    return _tasks.c.issue_title.icontains(text, autoescape=True)


def _number(text: str) -> int | None:
    """Of an issue, if the search is for one."""
    digits = text.removeprefix("#")
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None
