"""What a person sees of a pull request before deciding."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.github.errors import GitHubUnavailable
from jobs.pull_view import ChangedFile, Check, NoPull, changed_file, decision, look
from store.records import Task
from tests.jobs.feedback_stage import brought, close, pull, review
from tests.jobs.stage import Stage


@pytest.fixture
def task(stage: Stage) -> Task:
    return brought(stage)


def test_it_shows_the_commit_the_files_and_that_it_can_be_merged(stage: Stage, task: Task) -> None:
    seen = look(stage.services, task)
    assert (seen.number, seen.state, seen.is_draft) == (task.pr_number, "open", False)
    assert (seen.mergeable, seen.mergeable_state, seen.head_sha, seen.base) == (True, "clean", task.head_sha, "main")
    [file] = seen.files
    assert (file.path, file.status, seen.changed_files, seen.files_left_out) == ("src/main.py", "modified", 1, 0)
    assert '+print("Hello")' in (file.patch or "")
    assert (seen.checks, seen.checks_unknown, seen.review_decision) == ([], "", None)


def test_check_runs_and_statuses_are_one_list(stage: Stage, task: Task) -> None:
    world, sha = stage.github.world, task.head_sha or ""
    world.check(stage.github.repository, sha, "tests")
    world.check(stage.github.repository, sha, "lint", "failure")
    world.check(stage.github.repository, sha, "Deploy", "error", is_status=True)
    world.check(stage.github.repository, sha, "audit", is_status=True)
    seen = look(stage.services, task)
    told = [(one.name, one.status, one.conclusion) for one in seen.checks]
    assert told == [
        ("audit", "in_progress", None),
        ("Deploy", "completed", "failure"),
        ("lint", "completed", "failure"),
        ("tests", "in_progress", None),
    ]
    assert all(isinstance(one, Check) and one.url for one in seen.checks)
    assert seen.mergeable_state == "unstable"


def test_checks_that_may_not_be_read_are_said_to_be_unknown(stage: Stage, task: Task) -> None:
    del stage.github.app.permissions["checks"]
    seen = look(stage.services, task)
    assert seen.checks == [] and "grant the GitHub App" in seen.checks_unknown
    assert len(seen.files) == 1


def test_a_second_look_costs_nothing_of_the_rate_limit_but_for_how_it_stands(stage: Stage, task: Task) -> None:
    look(stage.services, task)
    before = len(stage.github.world.calls)
    look(stage.services, task)
    asked = list(stage.github.world.calls)[before:]
    assert sorted(call.status for call in asked) == [200, 304, 304, 304, 304]


def test_the_reviews_come_to_a_decision(stage: Stage, task: Task) -> None:
    review(stage, lines=())
    assert look(stage.services, task).review_decision == "changes_requested"
    stage.github.world.review(pull(stage), "tom", "APPROVE", "Fine.")
    assert look(stage.services, task).review_decision == "approved"


def _said(*said: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"user": {"login": who}, "state": state} for who, state in said]


@pytest.mark.parametrize(
    ("reviews", "expected"),
    [
        pytest.param(_said(), None, id="none"),
        pytest.param(_said(("a", "COMMENTED")), None, id="only-comments"),
        pytest.param(_said(("a", "APPROVED"), ("b", "CHANGES_REQUESTED")), "changes_requested", id="one-objects"),
        pytest.param(_said(("a", "CHANGES_REQUESTED"), ("a", "COMMENTED")), "changes_requested", id="still-objects"),
        pytest.param(_said(("a", "CHANGES_REQUESTED"), ("a", "DISMISSED"), ("b", "APPROVED")), "approved", id="gone"),
        pytest.param([{"user": None, "state": "APPROVED"}], "approved", id="account-deleted"),
    ],
)
def test_a_decision(reviews: list[dict[str, Any]], expected: str | None) -> None:
    assert decision(reviews) == expected


@pytest.mark.parametrize(
    ("data", "binary", "huge"),
    [
        pytest.param({"patch": "@@"}, False, False, id="text"),
        pytest.param({"additions": 0}, True, False, id="binary"),
        pytest.param({"additions": 90_000}, False, True, id="too-large-to-show"),
        pytest.param({"additions": 0, "status": "renamed", "previous_filename": "b"}, False, False, id="only-renamed"),
        pytest.param({"additions": 0, "sha": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}, False, False, id="empty"),
    ],
)
def test_files_without_a_patch(data: dict[str, Any], binary: bool, huge: bool) -> None:
    given = {"filename": "a", "status": "added", "additions": 1, "deletions": 0, "sha": "1" * 40} | data
    seen = changed_file(given)
    assert isinstance(seen, ChangedFile)
    assert (seen.is_binary, seen.is_huge, seen.previous_path) == (binary, huge, data.get("previous_filename"))


def test_a_hundred_and_one_files_are_two_pages(stage: Stage, task: Task) -> None:
    many = {f"file{n:03}.txt": "x\n" for n in range(101)}
    stage.github.world.push(stage.github.repository, "maria", task.branch or "", many)
    seen = look(stage.services, task)
    assert (len(seen.files), seen.changed_files, seen.files_left_out) == (102, 102, 0)


def test_what_is_over_and_what_never_was(stage: Stage, task: Task) -> None:
    close(stage)
    assert look(stage.services, task).state == "closed"
    with pytest.raises(NoPull):
        look(stage.services, stage.task())
    stage.github.world.faults.fail_next("GET", r"/pulls/\d+/files", 502, times=9)
    with pytest.raises(GitHubUnavailable):
        look(stage.services, task)
