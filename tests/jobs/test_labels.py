"""The issue's label tells how its task stands: Porter's own is added and removed, nobody else's is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulators.github import acts
from jobs import labels, settings
from jobs.finish import finish
from jobs.labels import Label, of
from jobs.launch import launch
from jobs.sweep import Sweep
from store import settings as kept
from store.lifecycle import Status
from tests.jobs.stage import Died, Stage
from tests.jobs.test_comments import TASK
from tests.jobs.test_gate import configured
from tests.jobs.test_sweep import waiting


def names(stage: Stage) -> list[str]:
    return [label.name for label in stage.issue.labels]


@pytest.fixture
def task(stage: Stage):
    """A task whose machine is at work, on an issue that people have labelled."""
    acts.add_labels(stage.github.world, stage.issue, stage.github.world.person("maria"), ["bug", "porter:mock"])
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    return stage.now_task(task)


def test_every_status_has_its_label():
    assert set(labels.FITTING) == set(Status)
    assert set().union(*labels.FITTING.values()) == set(Label)
    assert not {"porter", "porter:mock", "porter:claude-code"} & set(Label)


@pytest.mark.parametrize(("phase", "label"), [("finishing", "porter:running"), ("held", "porter:held")])
def test_a_held_change_has_a_label_of_its_own(stage: Stage, task, phase: str, label: str):
    run = replace(stage.now_run(task), phase=phase)
    assert of(replace(TASK, status=Status.FINISHING), run) == label


def test_it_follows_the_task_and_leaves_other_labels_alone(stage: Stage, task):
    labels.publish(stage.services, task.id)
    assert names(stage) == ["bug", "porter:mock", "porter:running"]
    stage.result(task)
    finish(stage.services, task.run_id)
    labels.publish(stage.services, task.id)
    assert names(stage) == ["bug", "porter:mock", "porter:done"]


def test_the_pull_request_says_who_made_it(stage: Stage, task):
    stage.result(task)
    finish(stage.services, task.run_id)
    labels.publish(stage.services, task.id)
    [pull] = [issue for issue in stage.github.repository.issues.values() if issue.pull is not None]
    assert [label.name for label in pull.labels] == ["porter"]


def test_an_up_to_date_label_costs_no_call(stage: Stage, task):
    labels.publish(stage.services, task.id)
    calls = stage.outside.calls
    labels.publish(stage.services, task.id)
    assert stage.outside.calls == calls


@pytest.mark.parametrize("n", range(1, 6))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_that_was_killed_anywhere_is_finished_later(stage: Stage, task, n: int, when: str):
    labels.publish(stage.services, task.id)
    stage.result(task, ending="crashed")
    finish(stage.services, task.run_id)
    stage.outside.calls, stage.outside.die_at, stage.outside.when = 0, n, when
    try:
        labels.publish(stage.services, task.id)
    except Died:
        stage.wait(61)
        Sweep(stage.services).slow()
        assert f"label {task.id}" in waiting(stage)
        labels.publish(stage.again(), task.id)
    assert names(stage) == ["bug", "porter:mock", "porter:failed"]


def test_a_change_of_status_rings_for_its_label(stage: Stage, task):
    stage.services.queues.redis.flushall()
    stage.result(task)
    finish(stage.services, task.run_id)
    assert f"label {task.id}" in waiting(stage)


def test_with_several_tasks_the_one_at_work_speaks(stage: Stage, task):
    other = stage.task(agent="mock")
    stage.result(task)
    finish(stage.services, task.run_id)
    launch(stage.services, other.run_id)
    for one in (task, other):
        labels.publish(stage.services, one.id)
    assert names(stage)[-1] == "porter:running" and "porter:done" not in names(stage)


def test_a_stranger_labels_nothing(stage: Stage):
    task = stage.task(requested_by="eve")
    launch(stage.services, task.run_id)
    labels.publish(stage.services, task.id)
    assert names(stage) == []


@pytest.mark.parametrize("where", ["deployment", "repository"])
def test_they_can_be_turned_off(stage: Stage, where: str):
    if where == "deployment":
        configured(stage, labels="off")
    else:
        scope = kept.of_repository("acme/widgets")
        kept.put(stage.services.db, scope, "labels", False, by="maria", now=stage.clock())
    assert not settings.effective(
        stage.services.db, stage.services.config, repository="acme/widgets", user="maria"
    ).labels.value
    task = stage.task()
    launch(stage.services, task.run_id)
    labels.publish(stage.services, task.id)
    assert names(stage) == []
    Sweep(stage.services).slow()
    assert f"label {task.id}" not in waiting(stage) or stage.now_task(task).label_shown == Label.RUNNING


def test_a_label_that_github_refuses_is_said_once_and_not_tried_for_ever(stage: Stage, task):
    stage.github.world.faults.fail_next("POST", "/labels$", 403, body={"message": "Resource not accessible"})
    labels.publish(stage.services, task.id)
    assert stage.now_task(task).label_shown == Label.RUNNING
    assert names(stage) == ["bug", "porter:mock"]


def test_while_github_is_away_the_label_waits(stage: Stage, task):
    stage.github.world.faults.fail_next("GET", "/labels$", 503, times=3)
    labels.publish(stage.services, task.id)
    assert stage.now_task(task).label_shown is None
    labels.publish(stage.services, task.id)
    assert names(stage)[-1] == "porter:running"
