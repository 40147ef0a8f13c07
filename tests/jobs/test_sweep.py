"""Whatever was lost, the sweep brings the world back into agreement with the tables."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic, sleep

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.hosts.errors import HostUnavailable
from jobs.hosts.port import Machine, MachineState
from jobs.launch import launch
from jobs.queues import NAMES
from jobs.stop import stop
from jobs.sweep import Sweep, run_forever
from store import events, requests, runs, tasks
from store.lifecycle import Status
from store.records import NewRequest
from tests.jobs.stage import Stage


def waiting(stage: Stage) -> list[str]:
    """What is in the queues, as an operator would see it."""
    redis = stage.services.queues.redis
    found = [Queue(name, connection=redis, serializer=JSONSerializer).get_jobs() for name in NAMES]
    return sorted(job.description for jobs in found for job in jobs)


def emptied(stage: Stage) -> Stage:
    stage.services.queues.redis.flushall()
    return stage


@pytest.fixture
def task(stage: Stage):
    """A task whose machine is at work."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    return stage.now_task(task)


def test_a_queued_run_that_redis_forgot_is_enqueued_again(stage: Stage):
    task = stage.task()
    stage.services.queues.launch(task.run_id, task.priority)
    emptied(stage)
    Sweep(stage.services).quick()
    assert waiting(stage) == [f"launch {task.run_id}"]


def test_a_run_whose_job_waits_is_not_enqueued_twice(stage: Stage):
    task = stage.task()
    stage.services.queues.launch(task.run_id, task.priority)
    sweep = Sweep(stage.services)
    for _ in range(5):
        sweep.quick()
        stage.wait(1)
    assert waiting(stage) == [f"launch {task.run_id}"]


def test_a_run_whose_worker_died_is_enqueued_when_its_lease_ends(stage: Stage):
    task = stage.task()
    runs.claim(stage.services.db, task.run_id, now=stage.clock())
    sweep = Sweep(stage.services)
    sweep.quick()
    assert waiting(stage) == []
    stage.wait(31)
    sweep.quick()
    assert f"launch {task.run_id}" in waiting(stage)


def test_a_result_that_nobody_acts_on_is_handed_out(stage: Stage, task):
    stage.result(task)
    Sweep(stage.services).quick()
    assert f"finish {task.run_id}" in waiting(stage)


def test_a_comment_that_is_behind_is_brought_up_to_date(stage: Stage, task):
    stage.wait(6)
    Sweep(stage.services).quick()
    assert f"publish {task.id}" in waiting(stage)


def test_a_request_without_a_job_is_handed_out(stage: Stage):
    asked = NewRequest("acme/widgets", stage.issue.number, "maria", "help", comment_id=1, comment_line=1)
    key = requests.new(stage.services.db, asked, now=stage.clock())
    Sweep(stage.services).quick()
    assert waiting(stage) == [f"answer {key}"]


def test_an_overdue_run_is_stopped_and_its_machine_destroyed(stage: Stage, task):
    stage.clock.now = stage.now_run(task).deadline
    stage.wait(1)
    Sweep(stage.services).quick()
    assert f"stop {task.run_id}" in waiting(stage)
    stop(stage.services, task.run_id)
    assert (stage.now_task(task).status, stage.now_task(task).reason) == (Status.TIMED_OUT, "timed_out")
    assert stage.host.machines == {}
    assert "Timed out" in stage.replies()[0].body


def test_a_task_that_does_not_stop_by_itself_is_stopped_after_its_grace(stage: Stage, task):
    tasks.cancel(stage.services.db, task.id, by="tom", now=stage.clock())
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.RUNNING
    stage.wait(9)
    Sweep(stage.services).quick()
    assert f"stop {task.run_id}" in waiting(stage)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.CANCELLED
    assert stage.now_task(task).message == "tom stopped it"
    assert stage.host.machines == {}


def test_a_machine_that_died_is_found_and_its_death_told_in_words(stage: Stage, task):
    stage.host.end(task.run_id, 137, oom=True)
    Sweep(stage.services).slow()
    assert f"stop {task.run_id}" in waiting(stage)
    stop(stage.services, task.run_id)
    task = stage.now_task(task)
    assert task.reason == "out_of_memory"
    assert "ran out of memory" in stage.replies()[0].body


def test_a_machine_must_be_missing_twice_and_not_new_to_be_lost(stage: Stage, task):
    stage.host.machines.clear()
    sweep = Sweep(stage.services)
    stage.wait(31)
    sweep.slow()
    assert f"stop {task.run_id}" not in waiting(stage)
    sweep.slow()
    assert f"stop {task.run_id}" in waiting(stage)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).reason == "crashed"


def test_a_machine_lost_before_it_began_is_replaced_once(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.host.end(task.run_id, 1)
    stop(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.QUEUED
    launch(stage.services, task.run_id)
    assert len(stage.host.specs) == 2
    stage.host.end(task.run_id, 1)
    stop(stage.services, task.run_id)
    assert (stage.now_task(task).status, stage.now_task(task).reason) == (Status.FAILED, "crashed")
    assert [event.kind for event in events.of_task(stage.services.db, task.id)].count("relaunched") == 1
    assert stage.host.machines == {}


def test_a_machine_of_an_ended_run_is_destroyed(stage: Stage, task):
    stage.host.trouble = [HostUnavailable("Fly is away")]
    stage.result(task, ending="crashed")
    from jobs.finish import finish

    finish(stage.services, task.run_id)
    assert len(stage.host.machines) == 1
    Sweep(stage.services).slow()
    assert stage.host.machines == {}
    assert stage.now_run(task).destroyed_at is not None


def test_a_machine_of_no_known_run_is_destroyed_once_it_is_not_new(stage: Stage):
    stage.host.machines["porter-x"] = Machine("porter-x", "x-1", MachineState.RUNNING, created_at=stage.clock())
    sweep = Sweep(stage.services)
    sweep.slow()
    assert "porter-x" in stage.host.machines
    stage.wait(121)
    sweep.slow()
    assert stage.host.destroyed == ["porter-x"]


def test_a_machine_that_reports_and_was_never_recorded_is_adopted(stage: Stage, task):
    with stage.services.db.write() as connection:
        connection.exec_driver_sql("update runs set machine_id = null, host = null")
    Sweep(stage.services).slow()
    assert stage.now_run(task).machine_id == f"porter-{task.run_id}"
    assert stage.now_task(task).status is Status.RUNNING
    assert len(stage.host.machines) == 1


def test_an_ended_run_whose_machine_is_gone_is_done_with(stage: Stage, task):
    tasks.cancel(stage.services.db, task.id, by="tom", now=stage.clock())
    stage.host.machines.clear()
    stage.wait(40)
    stop(stage.services, task.run_id)
    with stage.services.db.write() as connection:
        connection.exec_driver_sql("update runs set destroyed_at = null")
    Sweep(stage.services).slow()
    assert stage.now_run(task).destroyed_at is not None


def test_one_sweeper_leads_and_another_takes_over_when_it_is_missed(stage: Stage):
    first, second = Sweep(stage.services), Sweep(stage.services)
    assert first.leads() and not second.leads()
    stage.wait(21)
    assert second.leads() and not first.leads()
    second.resign()
    assert first.leads()


def test_the_sweep_goes_on_when_the_host_is_away_and_ends_when_told(stage: Stage):
    task = stage.task()
    stage.host.list = lambda: (_ for _ in ()).throw(HostUnavailable("away"))
    told = Event()
    thread = Thread(target=run_forever, args=(stage.services, told))
    thread.start()
    until = monotonic() + 10
    while waiting(stage) == [] and monotonic() < until:
        sleep(0.02)
    told.set()
    thread.join(5)
    assert waiting(stage) == [f"launch {task.run_id}"]
    assert Sweep(stage.services).leads()
