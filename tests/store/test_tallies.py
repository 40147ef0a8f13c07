"""The counts of days and months say what the tasks say, whatever happens to them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from store import bookkeeping, counting, counts, tables, tallies, tasks
from store.counts import Cell, Result, Span, Tally, median, result_of, rounded, summed, total
from store.lifecycle import Outcome, Status
from tests.builders import NOW, make_task, move

LATER = NOW + timedelta(days=10)
STATUSES = [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT]
DAY = NOW.date()
SPANS = {
    "everything": Span(),
    "one day": Span(DAY, DAY),
    "from a day on": Span(first=DAY + timedelta(days=3)),
    "to a day": Span(last=DAY + timedelta(days=40)),
    "a whole month in between": Span(DAY + timedelta(days=5), DAY + timedelta(days=70)),
    "no whole month": Span(DAY + timedelta(days=5), DAY + timedelta(days=35)),
    "just a month": Span(DAY.replace(day=1), DAY.replace(day=31)),
    "one repository": Span(repository="acme/b"),
    "one agent": Span(agent="codex"),
    "both": Span(repository="acme/a", agent="amp"),
    "what one may see": Span(only=frozenset({"acme/a", "acme/c"})),
    "one may see nothing": Span(only=frozenset()),
    "asked for but not to be seen": Span(repository="acme/b", only=frozenset({"acme/a"})),
}
EVERY_WAY: list[tuple[tallies.By, ...]] = [(), ("day",), ("agent",), ("repository",), ("day", "repository", "agent")]


def _some(db, *, seed: int = 5, amount: int = 40, days: int = 80, known: bool = True) -> list[str]:
    """Tasks over months, of every end; `known`: with figures that were written past the store's doors."""
    chance = random.Random(seed)  # noqa: S311
    made = []
    for number in range(amount):
        status, pull = chance.choice(STATUSES), chance.random() < 0.5
        at = NOW + timedelta(days=chance.randrange(days), microseconds=chance.randrange(10**9), seconds=number)
        figures = {
            "cost_usd": chance.choice([None, 0.25, 1.5]), "input_tokens": chance.randrange(9000), "started_at": at,
            "machine_seconds": 12.5, "outcome": chance.choice([None, *Outcome]),
        } | ({"pr_number": number, "pr_state": chance.choice(["open", "merged", "closed"]),
              "pr_opened_at": at + timedelta(seconds=chance.randrange(4000))} if pull else {})  # fmt: skip
        where = {"repository": f"acme/{chance.choice('abc')}", "agent": chance.choice(["codex", "amp"])}
        made.append(make_task(db, status=status, now=at, **where, **(figures if known else {})).id)
    return made


def _plain(db, span: Span, *by: tallies.By) -> counts.Counted:
    """Counted in the simplest way: every task looked at."""
    with db.read() as connection:
        found = counting.count(connection, tallies.within(span))
    return summed((tallies._only(cell, by), tally) for cell, tally in found)


def _wrong(db) -> list[str]:
    """Of which spans the counts say something else than the tasks."""
    ways = [(name, span, by) for name, span in SPANS.items() for by in EVERY_WAY]
    return [f"{name} by {by}" for name, span, by in ways if tallies.read(db, span, *by) != _plain(db, span, *by)]


def test_counts_equal_the_tasks_at_every_stage(db):
    _some(db)
    assert _wrong(db) == []  # days are doubted
    bookkeeping.refresh(db, most=99)
    assert _wrong(db) == []  # everything is counted
    _some(db, seed=6, days=1, known=False)
    assert _wrong(db) == []  # something is noted only


def test_what_changes_after_the_count_is_seen_at_once_and_added_up(db):
    made = _some(db)
    bookkeeping.refresh(db, most=99)
    assert bookkeeping.refresh(db) == 0
    ended = [task for task in (tasks.get(db, key) for key in made) if not task.is_live]
    tasks.change(db, ended[0].id, now=LATER, pr_number=9, pr_state="merged", pr_opened_at=LATER)
    move(db, ended[1].id, Status.QUEUED, now=LATER)
    make_task(db, status=Status.FAILED, now=NOW)
    assert _wrong(db) == []
    assert bookkeeping.refresh(db) == 4  # out and in, out, in
    assert _wrong(db) == []


def test_a_word_about_a_task_is_not_counted(db):
    task = make_task(db, status=Status.FAILED)
    bookkeeping.refresh(db)
    tasks.change(db, task.id, now=LATER, message="the agent gave up")
    tasks.change(db, task.id, now=LATER, pr_state=None)
    assert bookkeeping.refresh(db) == 0


def test_a_task_that_does_not_exist_counts_for_nothing(db):
    tasks.change(db, "none", now=NOW, cost_usd=3.0)
    assert tallies.read(db, Span()) == {}


def test_counts_that_went_wrong_are_built_anew(db):
    _some(db, days=5)
    bookkeeping.refresh(db)
    with db.write() as connection:
        connection.execute(tables.day_counts.update().values(tasks=77))
    assert tallies.read(db, Span()) != _plain(db, Span())
    assert bookkeeping.rebuild(db) == 5
    for counted in (2, 3):
        assert tallies.read(db, Span()) == _plain(db, Span())
        assert bookkeeping.refresh(db, most=counted) == counted
    assert _wrong(db) == []


def test_more_notes_than_fit_in_one_transaction_are_all_added_up(db, monkeypatch):
    monkeypatch.setattr(bookkeeping, "_AT_ONCE", 3)
    for number in range(8):
        make_task(db, status=Status.FAILED, repository=f"acme/{number}")
    assert bookkeeping.refresh(db) == 8
    assert _wrong(db) == []


def test_an_empty_store_has_nothing_to_count(db):
    assert bookkeeping.rebuild(db) == 0
    assert tallies.read(db, Span()) == {}
    assert tallies.overview(db, Span(), busiest=3) == tallies.Overview({}, {}, {})


@pytest.mark.parametrize("counted", [False, True], ids=["noted", "counted"])
def test_the_busiest_repositories_are_told_apart(db, counted):
    for number, repository in enumerate(["acme/a", "acme/b", "acme/b"]):
        make_task(db, status=Status.FAILED, repository=repository, agent=f"agent-{number}")
    if counted:
        bookkeeping.refresh(db)
    seen = tallies.overview(db, Span(), busiest=1)
    assert {(cell.repository, tally.tasks) for cell, tally in seen.busiest.items()} == {("acme/b", 2)}
    assert {cell.agent for cell in seen.by_agent} == {"agent-0", "agent-1", "agent-2"}
    one = tallies.overview(db, Span(only=frozenset({"acme/a"})), busiest=8)
    assert {cell.repository for cell in one.busiest} == {"acme/a"}
    assert {cell.agent for cell in one.by_agent} == {"agent-0"}


@pytest.mark.parametrize(("seconds", "expected"), [(0, 0), (-3, 0), (99.9, 99), (104, 100), (134, 130), (996, 1000)])
def test_seconds_are_rounded_to_two_digits(seconds, expected):
    assert rounded(seconds) == expected


def test_the_median_is_the_middle_one():
    assert median({}) is None
    assert median({5: 1}) == 5
    assert median({5: 1, 10: 1, 990: 1}) == 10


def test_nobody_told_a_cost_is_not_a_cost_of_nothing():
    assert Tally(tasks=3).cost is None
    assert total([Tally(tasks=1), Tally(tasks=1, known_costs=1, cost_usd=0.0)]).cost == 0.0


def test_work_without_a_pull_request_yet_is_open():
    assert result_of(Status.SUCCEEDED, None, None) is Result.OPEN
    assert result_of(Status.FAILED, None, "merged") is Result.FAILED
    assert Cell(NOW.date(), "", "", Result.OPEN) == Cell(NOW.date(), "", "", Result("open"))
