"""Reviews, remarks on lines, installations that change, and what a repository tells of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.github import create_app
from emulators.github.model import Issue
from tests.emulators.github_stage import Stage, opened
from tests.emulators.test_github_webhooks import REAL, missing

REPO = "/repos/acme/widgets"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it:
        yield it


@pytest.fixture
def pull(stage: Stage) -> Issue:
    """Porter's pull request: it changes the one line of src/main.py."""
    stage.branch("topic", {"src/main.py": 'print("Hello")\n'})
    asked = {"title": "T", "head": "topic", "base": "main", "body": "Closes #7"}
    stage.api.post(f"{REPO}/pulls", headers=stage.token(), json=asked)
    return stage.repository.issues[1]


def test_a_review_is_told_once_and_each_of_its_remarks_once(stage: Stage, pull: Issue) -> None:
    remarks = [("src/main.py", 1, "louder"), ("src/main.py", 1, "and twice")]
    made = stage.world.review(pull, "tom", "REQUEST_CHANGES", "Not yet.", remarks)
    assert sorted(stage.heard())[-3:] == ["pull_request_review.submitted", *["pull_request_review_comment.created"] * 2]
    told = stage.receiver.payload("pull_request_review.submitted")
    assert (told["review"]["state"], told["review"]["body"], told["sender"]["login"]) == (
        "changes_requested",
        "Not yet.",
        "tom",
    )
    remark = stage.receiver.payload("pull_request_review_comment.created")["comment"]
    assert remark["pull_request_review_id"] == made.id
    assert (remark["path"], remark["line"]) == ("src/main.py", 1)
    assert remark["diff_hunk"].endswith('+print("Hello")')
    assert remark["diff_hunk"].startswith("@@ ")


def test_reviews_and_their_remarks_can_be_read(stage: Stage, pull: Issue) -> None:
    stage.world.review(pull, "tom", "REQUEST_CHANGES", "Not yet.", [("src/main.py", 1, "louder")])
    mine, here = stage.token(), f"{REPO}/pulls/1"
    [review] = stage.api.get(f"{here}/reviews", headers=mine).json()
    assert stage.api.get(f"{here}/reviews/{review['id']}", headers=mine).json()["state"] == "CHANGES_REQUESTED"
    [remark] = stage.api.get(f"{here}/reviews/{review['id']}/comments", headers=mine).json()
    assert stage.api.get(f"{here}/comments", headers=mine).json() == [remark]
    assert stage.api.get(f"{REPO}/pulls/comments/{remark['id']}", headers=mine).json() == remark
    assert stage.api.get(here, headers=mine).json()["review_comments"] == 1
    assert stage.api.get(f"{here}/reviews/9", headers=mine).status_code == 404


def test_a_thread_is_answered_and_reacted_to(stage: Stage, pull: Issue) -> None:
    made = stage.world.review(pull, "tom", "COMMENT", comments=[("src/main.py", 1, "louder")])
    mine, first = stage.token(), made.comments[0].id
    answer = stage.api.post(f"{REPO}/pulls/1/comments/{first}/replies", headers=mine, json={"body": "done in abc"})
    assert (answer.status_code, answer.json()["in_reply_to_id"]) == (201, first)
    again = f"{REPO}/pulls/1/comments/{answer.json()['id']}/replies"
    assert stage.api.post(again, headers=mine, json={"body": "deeper"}).status_code == 422
    reactions = f"{REPO}/pulls/comments/{first}/reactions"
    assert stage.api.post(reactions, headers=mine, json={"content": "eyes"}).status_code == 201
    assert stage.api.post(reactions, headers=mine, json={"content": "eyes"}).status_code == 200
    assert [one["content"] for one in stage.api.get(reactions, headers=mine).json()] == ["eyes"]


def test_a_review_and_a_lone_remark_are_made_by_the_api(stage: Stage, pull: Issue) -> None:
    tom, head = stage.person("tom"), pull.pull.head_sha if pull.pull else ""
    asked = {"event": "REQUEST_CHANGES", "body": "No.", "comments": [{"path": "src/main.py", "line": 1, "body": "x"}]}
    assert stage.api.post(f"{REPO}/pulls/1/reviews", headers=tom, json=asked).json()["state"] == "CHANGES_REQUESTED"
    lone = {"path": "src/main.py", "line": 1, "side": "RIGHT", "body": "y", "commit_id": head}
    made = stage.api.post(f"{REPO}/pulls/1/comments", headers=tom, json=lone)
    assert (made.status_code, made.json()["user"]["login"]) == (201, "tom")


@pytest.mark.parametrize(
    ("who", "asked"),
    [
        pytest.param("tom", {"event": "COMMENT"}, id="nothing-in-it"),
        pytest.param("tom", {"event": "SHOUT", "body": "x"}, id="unknown-event"),
        pytest.param("porter", {"event": "APPROVE"}, id="own-work"),
        pytest.param("tom", {"event": "COMMENT", "comments": [{"path": "no", "line": 1, "body": "x"}]}, id="no-file"),
        pytest.param(
            "tom", {"event": "COMMENT", "comments": [{"path": "src/main.py", "line": 9, "body": "x"}]}, id="no-line"
        ),
    ],
)
def test_a_review_that_cannot_be(stage: Stage, pull: Issue, who: str, asked: dict[str, Any]) -> None:
    headers = stage.token() if who == "porter" else stage.person(who)
    assert stage.api.post(f"{REPO}/pulls/1/reviews", headers=headers, json=asked).status_code == 422
    assert pull.pull and pull.pull.reviews == []


def test_commits_are_compared(stage: Stage, pull: Issue) -> None:
    found = stage.api.get(f"{REPO}/compare/main...topic", headers=stage.token()).json()
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("ahead", 1, 0)
    assert [one["filename"] for one in found["files"]] == ["src/main.py"]
    assert stage.api.get(f"{REPO}/compare/topic...main", headers=stage.token()).json()["status"] == "behind"
    assert stage.api.get(f"{REPO}/compare/main...nowhere", headers=stage.token()).status_code == 404


def test_a_repository_tells_its_languages_its_readme_and_who_names_an_issue(stage: Stage, pull: Issue) -> None:
    mine = stage.token()
    assert stage.api.get(f"{REPO}/languages", headers=mine).json() == {"Python": 14}
    assert stage.api.get(f"{REPO}/readme", headers=mine).json()["path"] == "README.md"
    for _ in range(6):
        issue = stage.world.add_issue(stage.repository, "maria", "Helo")
    [told] = stage.api.get(f"{REPO}/issues/{issue.number}/timeline", headers=mine).json()
    assert (issue.number, told["event"], told["source"]["issue"]["number"]) == (7, "cross-referenced", 1)


def test_an_app_is_pinged_suspended_changed_and_removed(stage: Stage) -> None:
    world, one = stage.world, stage.installation
    world.add_repository("acme/other", {"a": "b"})
    world.ping(stage.app)
    world.suspend(one)
    world.suspend(one, on=False)
    world.change_repositories(one, add=["acme/other"], remove=["acme/widgets"])
    world.uninstall(one)
    assert sorted(stage.heard()) == [
        "installation.created",
        "installation.deleted",
        "installation.suspend",
        "installation.unsuspend",
        "installation_repositories.added",
        "installation_repositories.removed",
        "ping.None",
    ]


@pytest.mark.parametrize(
    ("event", "example"),
    [
        ("pull_request_review.submitted", "pull_request_review/submitted"),
        ("pull_request_review_comment.created", "pull_request_review_comment/created"),
        ("installation.suspend", "installation/suspend"),
        ("installation_repositories.added", "installation_repositories/added"),
    ],
)
def test_these_payloads_too_have_all_that_real_ones_have(stage: Stage, pull: Issue, event: str, example: str) -> None:
    stage.world.review(pull, "tom", "REQUEST_CHANGES", "Not yet.", [("src/main.py", 1, "louder")])
    stage.world.add_repository("acme/other", {"a": "b"})
    stage.world.change_repositories(stage.installation, add=["acme/other"])
    stage.world.suspend(stage.installation)
    stage.heard()
    real = json.loads((REAL / f"{example}.json").read_text())
    lacking = missing(stage.receiver.payload(event), real, "$")
    assert [one for one in lacking if not re.search(r"\.(allow_\w+|delete_branch_on_merge)$", one)] == []


def test_a_visitor_asks_for_changes_on_the_page(stage: Stage, pull: Issue) -> None:
    web = create_app(stage.world).test_client()
    form = {"who": "tom", "event": "REQUEST_CHANGES", "body": "Say it twice.", "path": "src/main.py", "line": "1"}
    here, same = "/acme/widgets/pull/1/reviews", {"Sec-Fetch-Site": "same-origin"}
    assert "Request changes" in web.get("/acme/widgets/pull/1").text
    assert web.post(here, data=form, headers=same).status_code == 422
    assert web.post(here, data=form | {"remark": "louder"}, headers=same).status_code == 303
    page = web.get("/acme/widgets/pull/1").text
    assert "asked for changes" in page
    assert "louder" in page
