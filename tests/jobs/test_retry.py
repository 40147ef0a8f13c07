"""Another try replays what was asked; by itself Porter tries again only where the agent is not to blame, and not for
ever (tests/jobs/test_launch.py and test_sweep.py: launches, capacity, lost machines)."""

from __future__ import annotations

import pytest

from jobs.answer import answer
from jobs.finish import finish
from jobs.launch import launch
from jobs.sweep import Sweep
from store import requests, runs
from store.lifecycle import Status
from store.records import NewRequest, Task
from tests.jobs.stage import Stage


def failed(stage: Stage, **asked: object) -> Task:
    """A task whose agent crashed."""
    task = stage.task(instructions="greet the moon\n\nand the sun", **asked)
    launch(stage.services, task.run_id)
    stage.report(task)
    stage.result(task, push=False, ending="crashed", pushed=False, message="The agent exited with status 3.")
    finish(stage.services, task.run_id)
    stage.wait(1)
    return stage.now_task(task)


def retried(stage: Stage, task: Task, number: int, **flags: object) -> Task:
    new = NewRequest(
        "acme/widgets", number, "maria", "retry", flags=flags, installation_id=stage.github.installation
    )  # fmt: skip
    answer(stage.services, requests.new(stage.services.db, new, now=stage.clock()) or "")
    launch(stage.services, stage.now_task(task).run_id)
    return stage.now_task(task)


def test_a_retry_works_with_the_inputs_that_the_first_run_had(stage: Stage) -> None:
    task = failed(stage, model="small", flags={"timeout_seconds": 90, "no_tests": True})
    again = retried(stage, task, stage.issue.number)

    first, second = runs.of_task(stage.services.db, task.id)
    assert second.inputs == first.inputs
    assert second.prompt == first.prompt
    assert "greet the moon\n\nand the sun" in (second.prompt or "")
    assert (again.model, again.branch) == ("small", f"{task.branch}-2")


def test_flags_of_a_retry_replace_their_inputs_and_no_others(stage: Stage) -> None:
    task = failed(stage, model="small", flags={"timeout_seconds": 90})
    retried(stage, task, stage.issue.number, timeout_seconds=120)

    first, second = runs.of_task(stage.services.db, task.id)
    changed = {name for name in first.inputs if first.inputs[name] != second.inputs[name]}
    assert changed == {"timeout_seconds"}
    assert second.inputs["timeout_seconds"] == {"value": 120, "source": "flag"}


@pytest.mark.parametrize("ending", ["crashed", "overloaded", "stalled", "auth", "setup_failed"])
def test_what_the_agent_or_its_model_did_is_not_tried_again_by_itself(stage: Stage, ending: str) -> None:
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    stage.result(task, push=False, ending=ending, pushed=False)
    finish(stage.services, task.run_id)
    for _ in range(3):
        stage.wait(60)
        Sweep(stage.services).quick()
        Sweep(stage.services).slow()
    assert stage.now_task(task).status is Status.FAILED
    assert len(runs.of_task(stage.services.db, task.id)) == 1
    assert len(stage.host.specs) == 1
