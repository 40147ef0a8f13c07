"""A pull request of Porter's on the jobs' stage, and the feedback it gets."""

from __future__ import annotations

from typing import Any

from emulators.github import acts
from emulators.github.model import Actor, Issue
from jobs.finish import finish
from jobs.follow_up import advance
from jobs.launch import launch
from store import follow_ups, tasks
from store.records import FollowUp, NewFollowUp, Task
from tests.jobs.stage import Stage

FILES = {"src/main.py": 'import sys\n\nprint("Hello")\n'}
SECOND = "b" * 40


def brought(stage: Stage) -> Task:
    """A task that brought a pull request."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    branch = stage.now_task(task).branch or ""
    head = stage.github.branch(branch, FILES)
    stage.result(task, push=False, head_sha=head)
    finish(stage.services, task.run_id)
    return stage.now_task(task)


def pull(stage: Stage) -> Issue:
    [it] = stage.pulls()
    return it


def review(stage: Stage, *, by: str = "tom", lines: tuple[int, ...] = (1, 3)) -> Any:
    remarks = [("src/main.py", line, f"Line {line} could be better.") for line in lines]
    return stage.github.world.review(pull(stage), by, "REQUEST_CHANGES", "Two things before this can go in.", remarks)


def heard(stage: Stage, task: Task, key: str, *, by: str = "tom", **more: Any) -> str:
    with stage.services.db.write() as connection:
        found = follow_ups.add(connection, NewFollowUp(task.id, key, by, **more), now=stage.clock())
    assert found is not None
    return found


def more(stage: Stage, task: Task, asked: Any, which: int, **flags: Any) -> None:
    """What one of the review's remarks says with flags."""
    one = NewFollowUp(task.id, f"review:{asked.id}", "tom", flags=flags, place=asked.comments[which].id)
    with stage.services.db.write() as connection:
        assert follow_ups.add(connection, one, now=stage.clock()) is None


def commented(stage: Stage, task: Task, words: str, *, by: str = "maria", **more: Any) -> str:
    comment = stage.github.world.comment(pull(stage), by, f"@porter {words}")
    return heard(stage, task, f"comment:{comment.id}:1", by=by, instructions=words, **more)


def begun(stage: Stage, key: str) -> Task:
    """The follow-up's run, with its machine at work."""
    advance(stage.services, key)
    task = tasks.get(stage.services.db, now(stage, key).task_id)
    launch(stage.services, task.run_id)
    stage.report(task)
    return stage.now_task(task)


def worked(stage: Stage, key: str, **result: Any) -> Task:
    """The follow-up's run, to its end and its answers."""
    task = begun(stage, key)
    stage.result(task, push=False, **({"head_sha": SECOND} | result))
    finish(stage.services, task.run_id)
    advance(stage.services, key)
    return stage.now_task(task)


def now(stage: Stage, key: str) -> FollowUp:
    return follow_ups.get(stage.services.db, key)


def said(stage: Stage) -> list[str]:
    """Porter's comments on the pull request."""
    return [one.body for one in pull(stage).comments if one.actor.app is not None]


def answers(stage: Stage) -> list[tuple[int, str]]:
    """Porter's answers in threads: the remark and the words."""
    found = pull(stage).pull
    assert found is not None
    return [(one.answers.id, one.body) for one in found.remarks if one.answers and one.review.actor.app is not None]


def close(stage: Stage) -> None:
    acts.set_state(stage.github.world, pull(stage), Actor(stage.github.world.users["maria"]), "closed")
