"""The counts of days say what the tasks say, whatever happens to them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from store import counts, tallies, tasks
from store.counts import Cell, Result, Span, Tally, median, result_of, rounded, total
from store.lifecycle import Outcome, Status
from tests.builders import NOW, make_task, move

LATER = NOW + timedelta(days=10)
STATUSES = [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT]
SPANS = [
    pytest.param(Span(), id="everything"),
    pytest.param(Span(NOW.date(), NOW.date()), id="one-day"),
    pytest.param(Span(first=(NOW + timedelta(days=1)).date()), id="from-a-day-on"),
    pytest.param(Span(repository="acme/b"), id="one-repository"),
    pytest.param(Span(agent="codex"), id="one-agent"),
    pytest.param(Span(repository="acme/a", agent="amp"), id="both"),
    pytest.param(Span(only=frozenset({"acme/a", "acme/c"})), id="what-one-may-see"),
    pytest.param(Span(only=frozenset()), id="one-may-see-nothing"),
    pytest.param(Span(repository="acme/b", only=frozenset({"acme/a"})), id="asked-for-but-not-to-be-seen"),
]


def _some(db, *, seed: int = 5, amount: int = 40) -> list[str]:
    chance = random.Random(seed)  # noqa: S311
    made = []
    for number in range(amount):
        status, pull = chance.choice(STATUSES), chance.random() < 0.5
        at = NOW + timedelta(hours=chance.randrange(72), seconds=number)
        known = {"pr_number": number, "pr_state": chance.choice(["open", "merged", "closed"]),
                 "pr_opened_at": at + timedelta(seconds=chance.randrange(4000))} if pull else {}  # fmt: skip
        task = make_task(
            db, status=status, now=at, repository=f"acme/{chance.choice('abc')}", agent=chance.choice(["codex", "amp"]),
            cost_usd=chance.choice([None, 0.25, 1.5]), input_tokens=chance.randrange(9000), machine_seconds=12.5,
            started_at=at, outcome=chance.choice([None, *Outcome]), **known,
        )  # fmt: skip
        made.append(task.id)
    return made


def _summed(found: counts.Counted) -> dict[tuple[object, Result], Tally]:
    parts: dict[tuple[object, Result], list[Tally]] = {}
    for cell, tally in found.items():
        parts.setdefault((cell.day, cell.result), []).append(tally)
    return {key: total(tallies) for key, tallies in parts.items()}


def _plain(db, span: Span) -> dict[tuple[object, Result], Tally]:
    with db.read() as connection:
        return _summed(dict(tallies.count(connection, tallies._within(span))))


def _same(db, span: Span) -> bool:
    return _summed(tallies.read(db, span)) == _plain(db, span)


@pytest.mark.parametrize("span", SPANS)
def test_counts_of_days_equal_the_tasks(db, span):
    _some(db)
    assert _same(db, span)
    tallies.refresh(db, now=LATER)
    assert _same(db, span)


def test_what_changes_after_the_count_is_seen_at_once_and_counted_anew(db):
    made = _some(db)
    tallies.refresh(db, now=LATER)
    assert tallies.refresh(db, now=LATER) == 0
    ended = [task for task in (tasks.get(db, key) for key in made) if not task.is_live]
    tasks.change(db, ended[0].id, now=LATER, pr_number=9, pr_state="merged", pr_opened_at=LATER)
    move(db, ended[1].id, Status.QUEUED, now=LATER)
    make_task(db, status=Status.FAILED, now=NOW)
    assert _same(db, Span())
    assert tallies.refresh(db, now=LATER) > 0
    assert _same(db, Span())


def test_a_word_about_a_task_makes_no_day_stale(db):
    task = make_task(db, status=Status.FAILED)
    tallies.refresh(db, now=LATER)
    tasks.change(db, task.id, now=LATER, message="the agent gave up")
    assert tallies.refresh(db, now=LATER) == 0


def test_today_is_counted_from_its_tasks(db):
    make_task(db, status=Status.FAILED)
    assert tallies.refresh(db, now=NOW) == 0
    assert total(tallies.read(db, Span()).values()).tasks == 1


def test_counts_that_went_wrong_are_built_anew(db):
    _some(db)
    tallies.refresh(db, now=LATER)
    with db.write() as connection:
        connection.execute(tallies._counts.update().values(tasks=77))
    assert not _same(db, Span())
    assert tallies.rebuild(db) >= 3
    assert _same(db, Span())
    tallies.refresh(db, now=LATER)
    assert _same(db, Span())


def test_an_empty_store_has_nothing_to_count(db):
    assert tallies.rebuild(db) == 0
    assert tallies.read(db, Span()) == {}
    assert tallies.busiest(db, Span()) == []


@pytest.mark.parametrize("fresh", [False, True], ids=["stale", "counted"])
def test_repositories_and_agents_are_told_apart_when_asked(db, fresh):
    for number, repository in enumerate(["acme/a", "acme/b", "acme/b"]):
        make_task(db, status=Status.FAILED, repository=repository, agent=f"agent-{number}", machine_seconds=2.0)
    if fresh:
        tallies.refresh(db, now=LATER)
    assert tallies.busiest(db, Span(), limit=1) == ["acme/b"]
    assert tallies.busiest(db, Span(only=frozenset({"acme/a"}))) == ["acme/a"]
    by_agent: dict[str, int] = {}
    for cell, tally in tallies.read(db, Span(repository="acme/b"), each_agent=True).items():
        by_agent[cell.agent] = by_agent.get(cell.agent, 0) + tally.tasks
    assert by_agent == {"agent-1": 1, "agent-2": 1}
    names = {cell.repository for cell in tallies.read(db, Span(), each_repository=True)}
    assert names == {"acme/a", "acme/b"}


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
