"""What a person needs to decide about a pull request: checks, rules of the branch, the merge; and the search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.github_stage import Stage, opened

REPO = "/repos/acme/widgets"
FILES = {"new.txt": "new\n"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it:
        yield it


def pull(stage: Stage) -> dict[str, Any]:
    stage.branch("work", FILES)
    asked = {"title": "Add", "head": "work", "base": "main", "body": ""}
    made: dict[str, Any] = stage.api.post(f"{REPO}/pulls", headers=stage.token(), json=asked).json()
    return made


def merge(stage: Stage, number: int, **asked: Any) -> Any:
    return stage.api.put(f"{REPO}/pulls/{number}/merge", headers=stage.token(), json=asked)


def test_check_runs_and_statuses_are_told_of_a_commit(stage: Stage) -> None:
    sha, mine = stage.branch("work", FILES), stage.token(permissions={"checks": "read", "statuses": "read"})
    stage.world.check(stage.repository, sha, "tests")
    stage.world.check(stage.repository, sha, "lint", "failure")
    stage.world.check(stage.repository, sha, "ci/deploy", "success", is_status=True)

    runs = stage.api.get(f"{REPO}/commits/{sha}/check-runs", headers=mine).json()
    assert [(one["name"], one["status"], one["conclusion"]) for one in runs["check_runs"]] == [
        ("tests", "in_progress", None),
        ("lint", "completed", "failure"),
    ]
    told = stage.api.get(f"{REPO}/commits/{sha}/status", headers=mine).json()
    assert (told["state"], [one["context"] for one in told["statuses"]]) == ("success", ["ci/deploy"])
    no_such = stage.api.get(f"{REPO}/commits/{'0' * 40}/status", headers=mine)
    assert no_such.status_code == 404
    talk = stage.token(permissions={"pull_requests": "read"})
    assert stage.api.get(f"{REPO}/commits/{sha}/check-runs", headers=talk).status_code == 403


def test_a_check_that_failed_makes_it_unstable_and_one_that_is_required_blocks_it(stage: Stage) -> None:
    made = pull(stage)
    number, sha = made["number"], made["head"]["sha"]

    def state() -> str:
        return str(stage.api.get(f"{REPO}/pulls/{number}", headers=stage.token()).json()["mergeable_state"])

    assert state() == "clean"
    stage.world.check(stage.repository, sha, "lint", "failure")
    assert state() == "unstable"
    stage.repository.required_checks.append("tests")
    assert state() == "blocked"
    refused = merge(stage, number, sha=sha)
    assert (refused.status_code, refused.json()["message"]) == (405, 'Required status check "tests" is expected.')
    stage.world.check(stage.repository, sha, "tests", "success")
    assert merge(stage, number, sha=sha).status_code == 200


def test_a_merge_is_of_the_commit_that_was_named_or_of_none(stage: Stage) -> None:
    made = pull(stage)
    number, sha = made["number"], made["head"]["sha"]
    stage.world.push(stage.repository, "tom", "work", {"more.txt": "more\n"})
    moved = merge(stage, number, sha=sha)
    assert (moved.status_code, moved.json()["message"]) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    reader = stage.token(permissions={"contents": "read", "pull_requests": "write"})
    denied = stage.api.put(f"{REPO}/pulls/{number}/merge", headers=reader, json={})
    assert denied.status_code == 403
    assert merge(stage, number).status_code == 200
    again = merge(stage, number)
    assert (again.status_code, again.json()["message"]) == (405, "Pull Request is not mergeable")


def test_a_draft_is_not_merged(stage: Stage) -> None:
    stage.branch("work", FILES)
    asked = {"title": "Add", "head": "work", "base": "main", "draft": True}
    made = stage.api.post(f"{REPO}/pulls", headers=stage.token(), json=asked).json()
    assert made["mergeable_state"] == "draft"
    assert merge(stage, made["number"]).status_code == 405


def test_issues_are_listed_by_their_last_change(stage: Stage) -> None:
    first = stage.world.add_issue(stage.repository, "maria", "First")
    stage.clock.pass_by(minutes=5)
    stage.world.add_issue(stage.repository, "maria", "Second")
    stage.clock.pass_by(minutes=5)
    since = (stage.clock() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.world.comment(first, "tom", "me too")
    found = stage.api.get(f"{REPO}/issues?sort=updated", headers=stage.token()).json()
    assert [one["title"] for one in found] == ["First", "Second"]
    lately = stage.api.get(f"{REPO}/issues?since={since}", headers=stage.token()).json()
    assert [one["title"] for one in lately] == ["First"]
    assert stage.api.get(f"{REPO}/issues?sort=size", headers=stage.token()).status_code == 422


def test_the_search_finds_open_issues_by_their_words(stage: Stage) -> None:
    stage.world.add_issue(stage.repository, "maria", "The greeting says Helo", "in the README too")
    stage.world.add_issue(stage.repository, "maria", "Something else", "")
    pull(stage)
    asked = {"q": "repo:acme/widgets is:issue is:open greeting readme"}
    found = stage.api.get("/search/issues", params=asked, headers=stage.token()).json()
    assert [one["title"] for one in found["items"]] == ["The greeting says Helo"]
    assert stage.api.get("/search/issues", params={"q": "repo:acme/no x"}, headers=stage.token()).status_code == 422
