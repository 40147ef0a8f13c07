"""However many ask at once, no more start than may; and whatever ends frees its place."""

from __future__ import annotations

from functools import partial

import pytest

from store import admission, feed, reports, runs, tasks, waiting
from store.admission import Waits
from store.lifecycle import ENDED, Status
from store.line import Limits, Obstacle
from store.records import Priority, Task
from tests.builders import NOW, claimed, make_run, make_task, move
from tests.racing import failures, race

FIVE = Limits(user=100, repository=100, deployment=5)
ONE = Limits(user=100, repository=100, deployment=1)


def queued(db, clock, **asked) -> Task:
    """A queued task on an issue of its own, a second after the one before."""
    now = clock.advance(1)
    return make_task(db, now=now, **({"issue_number": int((now - NOW).total_seconds())} | asked))


def ask(db, task: Task, limits: Limits, now) -> Task | Waits:
    return admission.admit(db, claimed(db, task.run_id, now=now), limits, now=now, changes={})


def at_work(db) -> int:
    with db.read() as connection:
        return waiting.load_now(connection).total


def test_of_twenty_that_ask_at_once_five_are_let_in(db, clock):
    line = [queued(db, clock) for _ in range(20)]
    now = clock()
    results = race(*[partial(ask, db, task, FIVE, now) for task in line])
    assert failures(results) == []
    assert sorted(type(result).__name__ for result in results) == ["Task"] * 5 + ["Waits"] * 15
    assert at_work(db) == 5


def test_the_first_of_the_line_get_the_places_whoever_asks_first(db, clock):
    line = [queued(db, clock) for _ in range(7)]
    assert [type(ask(db, task, FIVE, clock())) for task in reversed(line)] == [
        Waits,
        Waits,
        Task,
        Task,
        Task,
        Task,
        Task,
    ]
    assert at_work(db) == 5


def test_a_run_that_waits_says_why_once_and_is_let_go(db, clock):
    queued_one = queued(db, clock)
    ask(db, queued(db, clock, priority=Priority.HIGH), ONE, clock())
    for _ in range(2):
        assert ask(db, queued_one, ONE, clock()) == Waits(
            Obstacle.DEPLOYMENT, "As many tasks are at work as this Porter may have at once (1)"
        )
    run, task = runs.get(db, queued_one.run_id), tasks.get(db, queued_one.id)
    assert (run.waits_for, run.lease_until, run.due_at) == ("deployment", None, None)
    assert task.status is Status.QUEUED
    assert task.message == "As many tasks are at work as this Porter may have at once (1)"
    assert task.version == queued_one.version + 1


@pytest.mark.parametrize(
    ("limits", "other", "obstacle"),
    [
        pytest.param(Limits(1, 9, 9), {"repository": "acme/other"}, Obstacle.USER, id="user"),
        pytest.param(Limits(9, 1, 9), {"requested_by": "tom"}, Obstacle.REPOSITORY, id="repository"),
        pytest.param(
            Limits(9, 9, 1), {"requested_by": "tom", "repository": "acme/other"}, Obstacle.DEPLOYMENT, id="all"
        ),
        pytest.param(Limits(9, 9, 9), {"issue_number": 3}, Obstacle.ISSUE, id="issue"),
    ],
)
def test_each_limit_holds_and_names_itself(db, clock, limits, other, obstacle):
    ask(db, queued(db, clock, **other), limits, clock())
    second = queued(db, clock, issue_number=3)
    waits = ask(db, second, limits, clock())
    assert isinstance(waits, Waits) and waits.obstacle is obstacle


def test_others_pass_a_person_who_has_as_many_as_they_may(db, clock):
    limits = Limits(user=1, repository=9, deployment=2)
    for _ in range(3):
        ask(db, queued(db, clock), limits, clock())
    assert isinstance(ask(db, queued(db, clock, requested_by="tom"), limits, clock()), Task)
    assert at_work(db) == 2


def test_another_agent_may_work_on_the_same_issue(db, clock):
    ask(db, queued(db, clock, issue_number=1), FIVE, clock())
    assert isinstance(ask(db, queued(db, clock, issue_number=1, agent="codex"), FIVE, clock()), Task)


@pytest.mark.parametrize("ending", sorted(ENDED))
def test_every_kind_of_ending_frees_the_place_for_the_first_in_line(db, clock, ending):
    first = make_task(db, status=Status.FINISHING, now=clock.advance(1), issue_number=9)
    line = [queued(db, clock, priority=priority) for priority in (Priority.LOW, Priority.LOW, Priority.HIGH)]
    for task in line:
        ask(db, task, ONE, clock())
    assert admission.next_waiting(db, ONE, now=clock()) == []
    move(db, first.id, ending)
    [turn] = admission.next_waiting(db, ONE, now=clock())
    assert turn.task_id == line[2].id
    assert isinstance(ask(db, line[2], ONE, clock()), Task)
    assert runs.get(db, line[2].run_id).waits_for is None


def test_a_place_is_kept_for_a_worker_that_died_and_freed_when_the_launch_is_put_off(db, clock):
    dead, second = queued(db, clock), queued(db, clock)
    ask(db, dead, ONE, clock())
    clock.advance(3600)
    assert isinstance(ask(db, second, ONE, clock()), Waits)
    move(db, dead.id, Status.QUEUED)
    make_run(db, dead, due_at=clock.advance(1))
    assert [one.task_id for one in admission.next_waiting(db, ONE, now=NOW)] == [second.id]
    assert admission.next_waiting(db, ONE, now=clock()) == []  # it is due again and stands before


def test_a_held_change_takes_no_place(db, clock):
    held = make_task(db, status=Status.FINISHING, now=clock.advance(1), issue_number=3)
    second = queued(db, clock, issue_number=3)
    assert isinstance(ask(db, second, ONE, clock()), Waits)
    make_run(db, held, phase="held")
    assert isinstance(ask(db, second, ONE, clock()), Task)


def test_who_waited_is_not_let_in_before_one_who_stands_before(db, clock):
    busy = make_task(db, status=Status.RUNNING, now=clock.advance(1), issue_number=9)
    low = queued(db, clock, priority=Priority.LOW)
    ask(db, low, ONE, clock())
    high = queued(db, clock, priority=Priority.HIGH)
    move(db, busy.id, Status.FAILED)
    assert not admission.may_start(db, low.run_id, ONE, now=clock())
    assert isinstance(ask(db, low, ONE, clock()), Waits)
    assert isinstance(ask(db, high, ONE, clock()), Task)


def test_a_position_counts_those_who_wait_for_the_same(db, clock):
    limits = Limits(user=1, repository=9, deployment=2)
    line = [queued(db, clock) for _ in range(4)] + [queued(db, clock, requested_by=name) for name in ("tom", "ben")]
    for task in line:
        ask(db, task, limits, clock())
    states = [(tasks.get(db, task.id).status, feed.position(db, task)) for task in line[1:4]]
    assert states == [(Status.QUEUED, 0), (Status.QUEUED, 1), (Status.QUEUED, 2)]
    assert tasks.get(db, line[4].id).status is Status.LAUNCHING
    assert feed.position(db, line[5]) == 0
    high = queued(db, clock, requested_by="eve", priority=Priority.HIGH)
    assert (feed.position(db, line[5]), feed.position(db, high)) == (1, 0)


def test_what_a_run_waits_for_is_looked_at_again(db, clock):
    limits = Limits(user=1, repository=9, deployment=1)
    mine = make_task(db, status=Status.RUNNING, now=clock.advance(1), issue_number=9)
    second = queued(db, clock)
    ask(db, second, limits, clock())
    move(db, mine.id, Status.FAILED)
    make_task(db, status=Status.RUNNING, requested_by="tom", issue_number=10)
    [asked] = admission.first_in_line(db, most=20)
    assert asked.waits_for is Obstacle.USER
    admission.look_again(db, [asked], limits, now=clock())
    assert runs.get(db, second.run_id).waits_for == "deployment"
    assert "this Porter" in tasks.get(db, second.id).message


def test_a_machine_that_comes_up_for_a_run_given_up_counts_all_the_same(db, clock):
    task = queued(db, clock)
    reports.accept_update(db, reports.Update(task.run_id, 1, phase="cloning"), now=clock())
    assert at_work(db) == 1
