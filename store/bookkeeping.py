"""Keeping the counts of days: whoever changes an ended task notes it, the sweep adds the notes up.

A note is written in the transaction of the change, so counts and notes together are what the tasks are at any moment.
A day that somebody doubts is counted anew from its tasks; docs/decisions/0015-counts-by-day.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, and_, func, select, text

from store import counting, day_rows, dialect, tables
from store.among import among
from store.counts import Cell, Counted, Tally, negative, result_of, rounded, seconds_between, summed
from store.database import Database
from store.day_rows import ALL, DAY, MONTH
from store.lifecycle import ENDED
from store.records import Task

_tasks, _counts, _changes, _stale = tables.tasks, tables.day_counts, tables.count_changes, tables.stale_days

# What a tally is made of: who changes one of these in an ended task changes the counts.
COUNTED = frozenset({
    "repository", "agent", "status", "outcome", "pr_number", "pr_state", "pr_opened_at", "started_at", "finished_at",
    "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "machine_seconds",
})  # fmt: skip
_AT_ONCE = 2_000  # notes in one transaction
_KEY = ("repository", "agent", "unit", "day", "result")


def note(connection: Connection, was: Task, now: Task) -> None:
    """A task changed from the one to the other: what it counted for goes, what it counts for comes. Call it in the
    transaction of the change."""
    before, after = _part(was), _part(now)
    if before == after:
        return
    rows = [before and (before[0], negative(before[1])), after]
    connection.execute(_changes.insert(), [day_rows.values(cell, tally) for cell, tally in filter(None, rows)])


def doubt(connection: Connection, created_at: datetime) -> None:
    """The tasks of this moment's day were changed in another way: they will be counted anew."""
    connection.execute(_stale.insert().values(day=created_at.astimezone(UTC).date()))


def refresh(db: Database, *, most: int = 20) -> int:
    """Add up the notes, and count doubted days anew, at most so many; answers how many of both together. Safe beside
    another that does it."""
    done = folded = _fold(db)
    while folded == _AT_ONCE:
        done += (folded := _fold(db))
    query = select(_stale.c.day).distinct().order_by(_stale.c.day).limit(most)
    with db.read() as connection:
        days = list(connection.execute(query).scalars())
    return done + sum(_count_anew(db, day) for day in days)


def rebuild(db: Database) -> int:
    """Forget all counts and doubt every day: readers count from the tasks, the sweep counts anew. Answers how many
    days."""
    asked = _tasks.c.created_at
    with db.write() as connection:
        _alone(connection)
        connection.execute(_counts.delete())
        ends = connection.execute(select(func.min(asked), func.max(asked))).one()
        if ends[0] is None:
            return 0
        first, last = (at.astimezone(UTC).date() for at in ends)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        connection.execute(_stale.insert(), [{"day": day} for day in days])
    return len(days)


def _part(task: Task) -> tuple[Cell, Tally] | None:
    """What one task counts for: nothing before its end."""
    if task.status not in ENDED:
        return None
    result = result_of(task.status, task.outcome, task.pr_state)
    tally = Tally(
        tasks=1,
        pulls=int(task.pr_number is not None),
        merged=int(task.pr_state == "merged"),
        known_costs=int(task.cost_usd is not None),
        cost_usd=task.cost_usd or 0.0,
        input_tokens=task.input_tokens + task.cache_read_tokens + task.cache_write_tokens,
        output_tokens=task.output_tokens,
        machine_seconds=task.machine_seconds,
        durations=_took(task.started_at, task.finished_at),
        to_pull=_took(task.created_at, task.pr_opened_at),
    )
    return Cell(task.created_at.astimezone(UTC).date(), task.repository, task.agent, result), tally


def _took(begun: datetime | None, ended: datetime | None) -> dict[int, int]:
    return {rounded(seconds_between(begun, ended)): 1} if begun is not None and ended is not None else {}


def _fold(db: Database) -> int:
    """Add the oldest notes to the counts; answers how many there were."""
    with db.write() as connection:
        _alone(connection)
        oldest = select(_changes.c.id).order_by(_changes.c.id).limit(_AT_ONCE)
        gone = connection.execute(_changes.delete().where(_changes.c.id.in_(oldest)).returning(_changes)).mappings()
        notes = [day_rows.read(row) for row in gone]
        _add(connection, summed(_with_sums(notes)))
        return len(notes)


def _count_anew(db: Database, day: date) -> int:
    """One day in one transaction that sees one moment: what is noted or doubted meanwhile stays."""
    with db.write_one_moment() as connection:
        _alone(connection)
        if not connection.execute(_stale.delete().where(_stale.c.day == day)).rowcount:
            return 0
        connection.execute(_changes.delete().where(_changes.c.day == day))
        ended = _tasks.c.status.in_(sorted(ENDED)) & day_rows.in_days(_tasks.c.created_at, [day])
        known = (_counts.c.unit == DAY) & (_counts.c.day == day)
        kept = [day_rows.read(row) for row in connection.execute(select(_counts).where(known)).mappings()]
        found = _with_sums(counting.count(connection, ended))
        _add(connection, summed([*found, *((cell, negative(tally)) for cell, tally in kept)]))
        return 1


def _alone(connection: Connection) -> None:
    """Whoever adds to the counts does so alone; readers and those who note need not wait. On SQLite writers always are
    alone. As the first statement, so that "one moment" begins when the other is done."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("lock table day_counts in share row exclusive mode"))


def _with_sums(cells: Iterable[tuple[Cell, Tally]]) -> Iterator[tuple[Cell, Tally]]:
    """Each cell, and its part in the sums over all repositories, all agents, and both."""
    for cell, tally in cells:
        for repository in (cell.repository, ALL):
            for agent in (cell.agent, ALL):
                yield Cell(cell.day, repository, agent, cell.result), tally


def _add(connection: Connection, days: Counted) -> None:
    """What the days gain or lose, and with them their months."""
    months = summed((replace(cell, day=cell.day.replace(day=1)), tally) for cell, tally in days.items())
    for unit, gains in ((DAY, days), (MONTH, months)):
        changed = {cell: tally for cell, tally in gains.items() if tally != Tally()}
        if changed:
            _add_to(connection, unit, changed)


def _add_to(connection: Connection, unit: str, gains: Counted) -> None:
    near = and_(
        _counts.c.unit == unit,
        _counts.c.day.in_({cell.day for cell in gains}),
        among(_counts.c.repository, {cell.repository for cell in gains}),
    )
    kept = (day_rows.read(row) for row in connection.execute(select(_counts).where(near)).mappings())
    sums = summed([*((cell, tally) for cell, tally in kept if cell in gains), *gains.items()])
    rows = [{"unit": unit} | day_rows.values(cell, tally) for cell, tally in sums.items()]
    dialect.upsert_all(connection, _counts, rows, keys=_KEY)
    if not all(tally.tasks for tally in sums.values()):
        connection.execute(_counts.delete().where(near, _counts.c.tasks == 0))
