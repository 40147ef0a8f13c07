"""The self-test leaves nothing open behind it, or says what."""

from __future__ import annotations

import pytest

from jobs import self_test
from jobs.launch import launch
from jobs.self_test import IssueLeftOpen
from store import settings, tasks
from store.records import Task
from tests.jobs.stage import Stage


def with_a_pull(stage: Stage) -> Task:
    """A self-test that came to its pull request."""
    task = stage.task()
    launch(stage.services, task.run_id)
    branch = stage.now_task(task).branch or ""
    stage.github.branch(branch)
    here = stage.services.github.repository("acme/widgets", stage.github.installation)
    pull = here.create_pull(branch=branch, base="main", title="Greet", body="")
    tasks.change(stage.services.db, task.id, now=stage.clock(), pr_number=pull.number, pr_state="open")
    settings.put(stage.services.db, settings.PORTER, "self_test", task.id, by="maria", now=stage.clock())
    return task


def states(stage: Stage) -> list[str]:
    return [stage.issue.state, *(one.state for one in stage.pulls())]


def test_its_pull_request_is_closed_and_so_is_its_issue(stage: Stage):
    with_a_pull(stage)
    self_test.close(stage.services, by="maria", login="maria")
    assert states(stage) == ["closed", "closed"]
    self_test.close(stage.services, by="maria", login="maria")  # once more is as good


def test_an_issue_that_github_does_not_close_is_told(stage: Stage):
    with_a_pull(stage)
    stage.github.world.faults.fail_next("PATCH", f"/issues/{stage.issue.number}$", 503, times=3)
    with pytest.raises(IssueLeftOpen, match=f"issue #{stage.issue.number} is not"):
        self_test.close(stage.services, by="maria", login="maria")
    assert states(stage) == ["open", "closed"]
