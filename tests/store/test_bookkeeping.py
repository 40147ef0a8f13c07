"""Every task is counted once at every moment, whoever changes tasks and adds up at the same time."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from store import bookkeeping, counting, retention, tables, tallies, tasks
from store.counts import Result, Span, summed
from store.database import Database
from store.errors import IllegalMove
from store.lifecycle import MOVES, Status
from tests.builders import NOW, make_task, move
from tests.racing import failures, race

_TASKS, _STEPS = 6, 12


def _change_some(db: Database, made: list[str], seed: int) -> None:
    """Legal moves and figures in any order; a move that another was quicker to make is none."""
    chance = random.Random(seed)  # noqa: S311
    for step in range(_STEPS):
        task = tasks.get(db, chance.choice(made))
        try:
            if chance.random() < 0.6:
                move(db, task.id, chance.choice(sorted(MOVES[task.status])), now=NOW + timedelta(seconds=step))
            else:
                state = chance.choice(["open", "merged", "closed", None])
                tasks.change(db, task.id, now=NOW, pr_state=state, pr_number=step, cost_usd=step / 4)
        except IllegalMove:
            continue


def _add_up(db: Database, made: list[str]) -> None:
    for step in range(_STEPS):
        if step % 5 == 0:
            with db.write() as connection:
                bookkeeping.doubt(connection, tasks.get(db, made[step % _TASKS]).created_at)
        bookkeeping.refresh(db)


def _look(db: Database, seen: set[int]) -> None:
    for _ in range(2 * _STEPS):
        seen.add(sum(tally.tasks for tally in tallies.read(db, Span()).values()))


def _recount(db: Database) -> dict[Result, object]:
    with db.read() as connection:
        found = counting.count(connection, tallies.within(Span()))
    return {cell.result: tally for cell, tally in summed((tallies._only(cell, ()), one) for cell, one in found).items()}


def _counted(db: Database) -> dict[Result, object]:
    return {cell.result: tally for cell, tally in tallies.read(db, Span()).items()}


def test_each_task_is_counted_once_while_others_change_add_up_and_count_anew(db):
    made = [make_task(db, now=NOW + timedelta(days=n % 3)).id for n in range(_TASKS)]
    seen: set[int] = set()
    actions: list[Callable[[], None]] = [partial(_change_some, db, made, seed) for seed in (1, 2, 3)]
    actions += [partial(_add_up, db, made), partial(_add_up, db, made), partial(_look, db, seen)]
    assert failures(race(*actions)) == []
    assert seen == {_TASKS}
    assert _counted(db) == _recount(db)
    bookkeeping.refresh(db)
    assert _counted(db) == _recount(db)
    with db.read() as connection:
        assert connection.execute(tables.count_changes.select()).all() == []


def test_what_is_forgotten_stays_counted(db):
    for status in (Status.FAILED, Status.SUCCEEDED):
        make_task(db, status=status)
    bookkeeping.refresh(db)
    before, later = _counted(db), NOW + timedelta(days=900)
    looked, _ = retention.forget_work(db, than=later, now=later)
    retention.forget_older(db, than=later)
    assert (looked, _counted(db)) == (2, before)
    assert before == _recount(db)
