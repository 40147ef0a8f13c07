"""Tasks come from commands once, and move only as the drawing allows."""

from __future__ import annotations

import pytest

from store import events, runs, tasks
from store.errors import Fenced, IllegalMove, NotFound
from store.lifecycle import ENDED, LIVE, MOVES, Status
from store.records import RunKind
from tests.builders import NOW, claimed, make_task, move, new_task
from tests.racing import failures, race

STATUSES = [pytest.param(status, id=status.value) for status in Status]
EVERY_MOVE = [pytest.param(was, to, id=f"{was}-{to}") for was in Status for to in Status]
BY_COMMAND = {"comment_id": 7, "comment_line": 0}


def test_a_new_task_is_queued_with_its_first_run(db):
    task = make_task(db)
    run = tasks.current_run(db, task.id)
    assert (task.status, task.version, run.number, run.kind) == (Status.QUEUED, 1, 1, RunKind.FIRST)
    assert [event.text for event in events.of_task(db, task.id)] == [
        "maria asked claude-code to work on acme/greeter#1"
    ]


def test_a_command_makes_one_task_however_often_it_arrives(db):
    first = tasks.create(db, new_task(**BY_COMMAND), now=NOW)
    assert tasks.create(db, new_task(**BY_COMMAND), now=NOW) == first
    assert tasks.create(db, new_task(comment_id=7, comment_line=1), now=NOW).id != first.id


def test_a_command_that_arrives_four_times_at_once_makes_one_task(db):
    made = race(*[lambda: tasks.create(db, new_task(**BY_COMMAND), now=NOW).id] * 4)
    assert failures(made) == []
    assert len(set(made)) == 1


def test_tasks_without_a_comment_are_never_taken_for_each_other(db):
    assert make_task(db).id != make_task(db).id


@pytest.mark.parametrize(("was", "to"), EVERY_MOVE)
def test_a_task_moves_as_drawn_and_no_other_way(db, was, to):
    task = make_task(db, status=was)
    if to in MOVES[was]:
        moved = move(db, task.id, to)
        assert (moved.status, moved.version) == (to, task.version + 1)
        return
    with pytest.raises(IllegalMove):
        move(db, task.id, to)
    assert tasks.get(db, task.id) == task


@pytest.mark.parametrize("status", [pytest.param(s, id=s.value) for s in sorted(ENDED)])
def test_an_ended_task_ends_its_run(db, status):
    task = make_task(db, status=status)
    assert task.finished_at == NOW
    assert tasks.current_run(db, task.id).finished_at == NOW


def test_a_move_of_an_unknown_task_is_refused(db):
    with pytest.raises(NotFound, match="there is no task nowhere"):
        move(db, "nowhere", Status.LAUNCHING)


def test_a_move_from_another_status_than_expected_is_refused(db):
    task = make_task(db, status=Status.RUNNING)
    with pytest.raises(IllegalMove):
        move(db, task.id, Status.FAILED, was=frozenset({Status.LAUNCHING}))


def test_a_move_for_a_run_the_task_has_left_is_refused(db):
    task = make_task(db, status=Status.FAILED)
    tasks.restart(db, task.id, by="maria", now=NOW)
    with pytest.raises(IllegalMove):
        move(db, task.id, Status.LAUNCHING, run_id=task.run_id)


def test_a_move_with_a_lost_claim_is_refused(db, clock):
    task = make_task(db)
    lost = claimed(db, task.run_id, now=clock())
    held = claimed(db, task.run_id, now=clock.advance(31))
    with pytest.raises(Fenced):
        move(db, task.id, Status.LAUNCHING, fence=lost.fence)
    assert move(db, task.id, Status.LAUNCHING, fence=held.fence).status is Status.LAUNCHING


def test_of_two_moves_at_once_one_wins(db):
    task = make_task(db, status=Status.RUNNING)
    results = race(
        lambda: move(db, task.id, Status.FAILED, was=frozenset({Status.RUNNING})),
        lambda: move(db, task.id, Status.TIMED_OUT, was=frozenset({Status.RUNNING})),
    )
    (lost,) = failures(results)
    assert isinstance(lost, IllegalMove)
    assert tasks.get(db, task.id).version == task.version + 1


def test_what_a_move_changes_is_rolled_back_with_its_transaction(db):
    task = make_task(db)
    with pytest.raises(RuntimeError), db.write() as connection:
        tasks.move(connection, task.id, Status.LAUNCHING, now=NOW, kind="launching", text="it starts")
        raise RuntimeError("the power failed")
    assert tasks.get(db, task.id) == task
    assert len(events.of_task(db, task.id)) == 1


@pytest.mark.parametrize("status", [pytest.param(s, id=s.value) for s in sorted(ENDED)])
def test_an_ended_task_cannot_be_cancelled(db, status):
    task = make_task(db, status=status)
    with pytest.raises(IllegalMove):
        tasks.cancel(db, task.id, by="maria", now=NOW)
    assert tasks.get(db, task.id) == task


def test_a_queued_task_is_cancelled_at_once(db):
    task = tasks.cancel(db, make_task(db).id, by="maria", now=NOW)
    assert (task.status, task.reason, task.finished_at) == (Status.CANCELLED, "cancelled", NOW)
    assert task.message == "maria stopped it before a machine was started"


@pytest.mark.parametrize("status", [pytest.param(s, id=s.value) for s in sorted(LIVE - {Status.QUEUED})])
def test_a_task_with_a_machine_is_told_to_stop_and_keeps_its_status(db, clock, status):
    task = make_task(db, status=status)
    assert tasks.cancel(db, task.id, by="maria", now=clock()).status is status
    run = tasks.current_run(db, task.id)
    assert (run.cancel_requested_at, run.cancelled_by) == (clock(), "maria")


def test_a_second_cancel_does_not_put_off_the_end(db, clock):
    task, first = make_task(db, status=Status.RUNNING), clock()
    tasks.cancel(db, task.id, by="maria", now=first)
    tasks.cancel(db, task.id, by="ben", now=clock.advance(5))
    run = tasks.current_run(db, task.id)
    assert (run.cancel_requested_at, run.cancelled_by) == (first, "maria")
    assert [event.kind for event in events.of_task(db, task.id)].count("stop_asked") == 1


def test_a_cancel_that_meets_the_launch_ends_the_task_or_orders_the_stop(db):
    task = make_task(db)
    race(lambda: tasks.cancel(db, task.id, by="maria", now=NOW), lambda: move(db, task.id, Status.LAUNCHING))
    now_it_is, run = tasks.get(db, task.id), tasks.current_run(db, task.id)
    ended = now_it_is.status is Status.CANCELLED
    assert ended or (now_it_is.status is Status.LAUNCHING and run.cancel_requested_at == NOW)


def test_a_restart_keeps_what_was_asked_and_clears_what_came_of_it(db, clock):
    ended = make_task(
        db, status=Status.FAILED, instructions="be kind", flags={"tests": True}, reason="stalled", message="it slept",
        step="cloning", percent=40, branch="porter/1", pr_number=3,
    )  # fmt: skip
    again = tasks.restart(db, ended.id, by="ben", now=clock.advance(60))
    assert (again.status, again.instructions, again.flags) == (Status.QUEUED, "be kind", {"tests": True})
    assert (again.reason, again.message, again.step, again.percent, again.finished_at) == (None, "", "", 0, None)
    assert (again.branch, again.pr_number) == ("porter/1", 3)
    first, second = runs.of_task(db, ended.id)
    assert (first.number, second.number, second.kind, again.run_id) == (1, 2, RunKind.RETRY, second.id)
    assert second.finished_at is None


@pytest.mark.parametrize("status", [pytest.param(s, id=s.value) for s in sorted(LIVE)])
def test_a_task_at_work_cannot_be_restarted(db, status):
    task = make_task(db, status=status)
    with pytest.raises(IllegalMove):
        tasks.restart(db, task.id, by="maria", now=NOW)
    assert len(runs.of_task(db, task.id)) == 1


def test_of_four_restarts_at_once_one_makes_a_run(db):
    task = make_task(db, status=Status.FAILED)
    results = race(*[lambda: tasks.restart(db, task.id, by="maria", now=NOW)] * 4)
    assert [type(error) for error in failures(results)] == [IllegalMove] * 3
    assert [run.number for run in runs.of_task(db, task.id)] == [1, 2]


def test_the_tasks_of_an_issue_are_found_by_issue_and_by_pull_request(db, clock):
    older = make_task(db, issue_number=1, now=clock())
    newer = make_task(db, issue_number=1, now=clock.advance(1))
    by_pull = make_task(db, issue_number=5, pr_number=1, now=clock.advance(1))
    make_task(db, issue_number=1, repository="acme/other")
    found = [task.id for task in tasks.on_issue(db, "acme/greeter", 1)]
    assert found == [by_pull.id, newer.id, older.id]


def test_the_comment_never_goes_back_to_an_older_version(db, clock):
    task = make_task(db)
    tasks.comment_shown(db, task.id, comment_id=9, version=3, edited_at=clock())
    tasks.comment_shown(db, task.id, comment_id=9, version=2, edited_at=clock.advance(5))
    seen = tasks.get(db, task.id)
    assert (seen.comment_version, seen.status_comment_id, seen.comment_edited_at) == (3, 9, NOW)


def test_a_change_counts_as_a_new_version_so_that_the_comment_follows(db):
    task = make_task(db)
    tasks.change(db, task.id, now=NOW, branch="porter/1")
    changed = tasks.get(db, task.id)
    assert (changed.branch, changed.version) == ("porter/1", task.version + 1)
