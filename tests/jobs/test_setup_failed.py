"""A setup that fails ends the task before any model cost, with its last lines on the issue."""

from __future__ import annotations

from jobs.finish import finish
from jobs.launch import launch
from store.lifecycle import Status
from store.records import LogLine
from tests.jobs.stage import Stage


def test_the_last_lines_of_a_failed_setup_are_shown(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    line = LogLine(task.run_id, 1, stage.clock(), "warning", "output", "npm ERR! no such package")
    stage.report(task, phase="setup", logs=[line])
    stage.result(
        task, push=False, pushed=False, ending="setup_failed", usage={}, summary="",
        message="The setup command `npm ci` failed with status 7.",
    )  # fmt: skip
    finish(stage.services, task.run_id)
    stage.sweep_up(task)
    ended = stage.now_task(task)
    assert (ended.status, ended.reason, ended.cost_usd) == (Status.FAILED, "setup_failed", None)
    [reply] = stage.replies()
    assert "`npm ci` failed with status 7" in reply.body and "no such package" in reply.body
