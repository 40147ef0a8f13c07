"""Who asks for too much at once waits, visibly, and starts by itself when a place is free."""

from __future__ import annotations

from typing import Any

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.config import Config
from jobs.finish import finish
from jobs.launch import launch
from jobs.queues import NAMES
from jobs.status_comment import publish
from jobs.stop import stop
from jobs.sweep import Sweep
from store import events, runs, tables, tasks
from store.lifecycle import Status
from store.records import Priority, Task
from tests.jobs.stage import Died, Stage


@pytest.fixture
def limited(stage: Stage) -> Stage:
    """One place in all."""
    return with_limits(stage, PORTER_MAX_RUNS=1)


def with_limits(stage: Stage, **limits: int) -> Stage:
    known = {"PORTER_DATA_DIR": stage.services.config.data_dir, "PORTER_DEFAULT_AGENT": "mock"}
    object.__setattr__(stage.services, "config", Config(PORTER_VAULT_KEYS="set", **known, **limits))
    return stage


def asked(stage: Stage, title: str = "Another", **overrides: Any) -> Task:
    """A task on an issue of its own, a second after the one before."""
    stage.wait(1)
    issue = stage.github.world.add_issue(stage.github.repository, "maria", title, "")
    before, stage.issue = stage.issue, issue
    task = stage.task(**overrides)
    stage.issue = before
    return task


def at_work(stage: Stage) -> Task:
    task = asked(stage)
    launch(stage.services, task.run_id)
    stage.report(task)
    return task


def jobs(stage: Stage) -> dict[str, list[str]]:
    """What an operator sees in the queues, by `rq info`."""
    redis = stage.services.queues.redis
    found = {name: Queue(name, connection=redis, serializer=JSONSerializer).get_jobs() for name in NAMES}
    return {name: [job.description for job in waiting] for name, waiting in found.items() if waiting}


def comment(stage: Stage, task: Task) -> str:
    [issue] = [one for one in stage.github.repository.issues.values() if one.number == task.issue_number]
    [said] = [one.body for one in issue.comments if one.actor.app is not None]
    return said


def test_one_too_many_waits_and_its_comment_says_for_what(limited: Stage):
    at_work(limited)
    second, third = asked(limited), asked(limited)
    for task in (second, third):
        launch(limited.services, task.run_id)
        assert limited.now_task(task).status is Status.QUEUED
    assert len(limited.host.specs) == 1
    assert not any("launch" in job for job in queued(limited))
    limited.wait(6)
    publish(limited.services, third.id)
    assert comment(limited, third).startswith(
        "⏳ **Waiting** to start `mock`. "
        "As many tasks are at work as this Porter may have at once (1). 1 task before it."
    )


def test_a_waiting_task_costs_no_call_and_no_job(limited: Stage):
    at_work(limited)
    second = asked(limited)
    launch(limited.services, second.run_id)
    calls, claims = limited.outside.calls, limited.now_run(second).fence
    sweep = Sweep(limited.services)
    for _ in range(40):
        limited.wait(15)
        launch(limited.services, second.run_id)
        sweep.quick()
        sweep.slow()
    assert (limited.outside.calls, limited.now_run(second).fence) == (calls, claims)
    assert not any("launch" in job for job in queued(limited))


@pytest.mark.parametrize("how", ["done", "crashed", "stopped", "too-long"])
def test_whatever_ends_the_next_in_line_starts_by_itself(limited: Stage, how: str):
    first = at_work(limited)
    low, high = asked(limited, priority=Priority.LOW), asked(limited, priority=Priority.HIGH)
    for task in (low, high):
        launch(limited.services, task.run_id)
    end(limited, first, how)
    assert not limited.now_task(first).is_live
    assert jobs(limited)["high"] == [f"launch {high.run_id}"]
    assert "low" not in jobs(limited)
    launch(limited.services, high.run_id)
    assert limited.now_task(high).status is Status.LAUNCHING
    assert limited.now_task(high).message == ""
    launch(limited.services, low.run_id)
    assert limited.now_task(low).status is Status.QUEUED


def end(stage: Stage, task: Task, how: str) -> None:
    match how:
        case "done":
            stage.result(task)
            finish(stage.services, task.run_id)
        case "crashed":
            stage.host.end(task.run_id, 137)
            stop(stage.services, task.run_id)
        case "stopped":
            tasks.cancel(stage.services.db, task.id, by="tom", now=stage.clock())
            stage.wait(9)
            stop(stage.services, task.run_id)
        case "too-long":
            stage.clock.now = stage.now_run(task).deadline
            stage.wait(1)
            stop(stage.services, task.run_id)


def test_while_redis_is_away_the_sweep_brings_the_next(limited: Stage):
    first, second = at_work(limited), asked(limited)
    launch(limited.services, second.run_id)
    limited.result(first)
    finish(limited.services, first.run_id)
    limited.services.queues.redis.flushall()
    Sweep(limited.services).quick()
    assert f"launch {second.run_id}" in jobs(limited)["default"]


def test_a_stopped_task_leaves_the_line(limited: Stage):
    first, second, third = at_work(limited), asked(limited), asked(limited)
    for task in (second, third):
        launch(limited.services, task.run_id)
    tasks.cancel(limited.services.db, second.id, by="tom", now=limited.clock())
    end(limited, first, "done")
    assert jobs(limited)["default"] == [f"launch {third.run_id}"]


def test_a_second_command_on_the_issue_waits_for_the_first(stage: Stage):
    first = stage.task()
    launch(stage.services, first.run_id)
    stage.wait(1)
    second = stage.task()
    launch(stage.services, second.run_id)
    assert stage.now_task(second).message == "It waits behind another task for this agent on this issue"
    stage.report(first)
    end(stage, first, "done")
    launch(stage.services, second.run_id)
    assert stage.now_task(second).status is Status.LAUNCHING


def test_one_persons_limit_stops_nobody_else(stage: Stage):
    with_limits(stage, PORTER_MAX_RUNS_PER_USER=1)
    mine = [asked(stage) for _ in range(3)]
    other = asked(stage, source="dashboard", requested_by="tom")
    for task in [*mine, other]:
        launch(stage.services, task.run_id)
    assert [stage.now_task(task).status for task in mine] == [Status.LAUNCHING, Status.QUEUED, Status.QUEUED]
    assert stage.now_task(other).status is Status.LAUNCHING


def test_a_stranger_takes_no_place_and_no_position(limited: Stage):
    stranger = asked(limited, requested_by="eve")
    launch(limited.services, stranger.run_id)
    assert limited.now_task(stranger).reason == "not_permitted"
    mine = asked(limited)
    launch(limited.services, mine.run_id)
    assert limited.now_task(mine).status is Status.LAUNCHING


def test_a_permission_that_was_taken_away_meanwhile_starts_nothing(limited: Stage):
    first, second = at_work(limited), asked(limited)
    launch(limited.services, second.run_id)
    limited.wait(61)
    limited.github.repository.collaborators["maria"] = "read"
    end(limited, first, "crashed")
    launch(limited.services, second.run_id)
    assert limited.now_task(second).reason == "not_permitted"


@pytest.mark.parametrize("n", range(1, 10))
def test_a_worker_killed_anywhere_loses_no_place_and_gives_none_away(limited: Stage, n: int):
    first, second = asked(limited), asked(limited)
    limited.outside.die_at = n
    try:
        launch(limited.services, first.run_id)
    except Died:
        launch(limited.again(), second.run_id)
        limited.wait(61)
        launch(limited.again(), first.run_id)
    launch(limited.again(), second.run_id)
    assert [spec.run_id for spec in limited.host.specs] == [first.run_id]
    assert limited.now_task(second).status is Status.QUEUED


def test_comments_follow_the_line_as_it_moves(limited: Stage):
    first = at_work(limited)
    line = [asked(limited) for _ in range(3)]
    for task in line:
        launch(limited.services, task.run_id)
    sweep = Sweep(limited.services)
    sweep.quick()
    versions = [limited.now_task(task).version for task in line]
    end(limited, first, "done")
    launch(limited.services, line[0].run_id)
    sweep.quick()
    assert [limited.now_task(task).version for task in line[1:]] == versions[1:], "it has told them just now"
    limited.wait(15)
    sweep.quick()
    assert [limited.now_task(task).version for task in line[1:]] == [version + 1 for version in versions[1:]]
    limited.wait(15)
    sweep.quick()
    assert [limited.now_task(task).version for task in line[1:]] == [version + 1 for version in versions[1:]]


def test_a_hundred_low_tasks_are_passed_by_a_high_one_and_all_start_in_the_end(limited: Stage):
    lows = [asked(limited, priority=Priority.LOW, source="dashboard") for _ in range(100)]
    for task in lows:
        launch(limited.services, task.run_id)
    high = asked(limited, priority=Priority.HIGH, source="dashboard")
    launch(limited.services, high.run_id)
    started = []
    for _ in range(101):
        [running] = now_at_work(limited)
        started.append(running)
        stopped(limited, running)
        limited.wait(60)
        woken = queued(limited)
        limited.services.queues.redis.flushall()
        for task in [*lows, high]:
            if f"launch {task.run_id}" in woken:
                launch(limited.services, task.run_id)
    assert started[:2] == [lows[0].id, high.id]
    assert sorted(started) == sorted(task.id for task in [*lows, high])


def queued(stage: Stage) -> list[str]:
    return [job for found in jobs(stage).values() for job in found]


def now_at_work(stage: Stage) -> list[str]:
    query = tables.tasks.select().where(tables.tasks.c.status == Status.LAUNCHING)
    with stage.services.db.read() as connection:
        return [row.id for row in connection.execute(query)]


def stopped(stage: Stage, task_id: str) -> None:
    """It ends, as if its machine had failed at once."""
    task = tasks.get(stage.services.db, task_id)
    tasks.cancel(stage.services.db, task_id, by="tom", now=stage.clock())
    stage.wait(9)
    stop(stage.services, task.run_id)
    assert runs.get(stage.services.db, task.run_id).finished_at is not None
    assert events.of_task(stage.services.db, task_id)[-1].kind == "cancelled"
