"""What people do on GitHub, through the wire, into the tables: GitHub's stand-in, the real intake, the real jobs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.github import acts
from emulators.github.model import Issue
from store import deliveries, follow_ups, installations, settings, tasks
from store.database import Database
from store.lifecycle import Outcome, Status
from store.records import RunKind, Task, Verdict
from tests import whole
from tests.whole import Whole


@pytest.fixture
def porter(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Whole]:
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    with whole.opened(tmp_path, database, monkeypatch) as opened:
        opened.settle()
        yield opened
    database.close()


def work(porter: Whole) -> None:
    """Everything that is to be done now, with a clock that lets Porter write as often as it likes."""
    for _ in range(12):
        porter.settle()
        porter.work_off()
        porter.let_machines_finish()
        porter.stage.wait(6)
        porter.work_off()


def delivered(porter: Whole) -> tuple[Task, Issue]:
    """A task that has brought its pull request."""
    porter.stage.github.world.comment(porter.stage.issue, "maria", "@porter mock fix the greeting")
    work(porter)
    [task] = porter.tasks()
    assert (task.status, task.outcome) == (Status.SUCCEEDED, Outcome.PULL_REQUEST), task.message
    [pull] = porter.stage.pulls()
    return task, pull


def test_a_review_with_five_remarks_is_one_run(porter: Whole):
    task, pull = delivered(porter)
    remarks = [("new.txt", 1, f"@porter remark number {n}") for n in range(5)]
    porter.stage.github.world.review(pull, "tom", "REQUEST_CHANGES", "Not yet.", remarks)
    porter.settle()

    [one] = follow_ups.waiting(porter.stage.services.db, task.id)
    assert (one.requested_by, one.source_key.split(":")[0]) == ("tom", "review")
    verdicts = [line.verdict for line in deliveries.latest(porter.stage.services.db, limit=6)]
    assert sorted(verdicts) == [Verdict.ACCEPTED, *[Verdict.IGNORED] * 5]
    porter.work_off()
    run = tasks.current_run(porter.stage.services.db, task.id)
    assert (run.number, run.kind, run.follow_up_id) == (2, RunKind.FOLLOW_UP, one.id)


def test_what_becomes_of_the_pull_request_is_known(porter: Whole):
    task, pull = delivered(porter)
    world, who = porter.stage.github.world, porter.stage.github.world.person("maria")
    states = []
    for state in ("closed", "open"):
        porter.stage.wait(2)
        with world.lock:
            acts.set_state(world, pull, who, state)
        porter.settle()
        states.append(tasks.get(porter.stage.services.db, task.id).pr_state)
    assert states == ["closed", "open"]


def test_a_label_starts_a_task_and_closing_the_issue_stops_it(porter: Whole):
    world, issue = porter.stage.github.world, porter.stage.issue
    with world.lock:
        acts.add_labels(world, issue, world.person("tom"), ["porter:mock"])
    porter.settle()
    [task] = porter.tasks()
    assert (task.source, task.requested_by, task.status) == ("labeled", "tom", Status.QUEUED)
    porter.stage.wait(2)
    with world.lock:
        acts.set_state(world, issue, world.person("tom"), "closed")
    porter.settle()
    assert tasks.get(porter.stage.services.db, task.id).status is Status.CANCELLED


def test_a_new_issue_is_taken_on_where_that_is_set(porter: Whole):
    scope = settings.of_repository("acme/widgets")
    settings.put(porter.stage.services.db, scope, "auto_assign", True, by="maria", now=porter.stage.clock())
    porter.stage.github.world.add_issue(porter.stage.github.repository, "maria", "Say good night", "After ten.")
    work(porter)
    [task] = porter.tasks()
    assert (task.source, task.status, task.issue_title) == ("opened", Status.SUCCEEDED, "Say good night")


def test_a_stranger_who_opens_an_issue_gets_no_work_and_no_reply(porter: Whole):
    scope = settings.of_repository("acme/widgets")
    settings.put(porter.stage.services.db, scope, "auto_assign", True, by="maria", now=porter.stage.clock())
    world = porter.stage.github.world
    issue = world.add_issue(porter.stage.github.repository, "eve", "Free work, please", "")
    work(porter)
    [task] = porter.tasks()
    assert (task.status, task.reason) == (Status.FAILED, "not_permitted")
    assert [one.body for one in issue.comments] == []


def test_a_suspended_installation_is_known_and_wakes_again(porter: Whole):
    world, db, one = porter.stage.github.world, porter.stage.services.db, porter.stage.github.installation
    world.add_repository("acme/other", {"a": "b"})
    world.change_repositories(one, add=["acme/other"])
    porter.settle()
    assert installations.repositories(db) == ["acme/other"]
    for on, known in ((True, []), (False, ["acme/other"])):
        porter.stage.wait(2)
        world.suspend(one, on=on)
        porter.settle()
        assert installations.repositories(db) == known
