"""What the REST API does. The client of the stage holds every answer against GitHub's own description."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.github_stage import Stage, opened

REPO = "/repos/acme/widgets"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it:
        yield it


def test_a_comment_is_written_edited_listed_and_deleted(stage: Stage) -> None:
    mine = stage.token()
    issue = stage.world.add_issue(stage.repository, "maria", "Helo", "says Helo", ["bug"])
    made = stage.api.post(f"{REPO}/issues/{issue.number}/comments", headers=mine, json={"body": "on it"})
    assert made.status_code == 201
    assert made.json()["user"]["login"] == "porter[bot]"
    assert made.json()["user"]["type"] == "Bot"
    assert made.json()["performed_via_github_app"]["slug"] == "porter"
    here = f"{REPO}/issues/comments/{made.json()['id']}"
    assert stage.api.patch(here, headers=mine, json={"body": "done"}).json()["body"] == "done"
    listed = stage.api.get(f"{REPO}/issues/{issue.number}/comments", headers=mine).json()
    assert [one["body"] for one in listed] == ["done"]
    assert stage.api.delete(here, headers=mine).status_code == 204
    assert stage.api.get(here, headers=mine).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 422, id="no-body"),
        pytest.param({"body": ""}, 422, id="empty"),
        pytest.param({"body": 7}, 422, id="a-number"),
        pytest.param({"body": "x" * 65_537}, 422, id="too-long"),
        pytest.param([], 422, id="a-list"),
        pytest.param("text", 422, id="a-string"),
    ],
)
def test_a_bad_comment_is_refused(stage: Stage, body: Any, status: int) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo")
    answer = stage.api.post(f"{REPO}/issues/{issue.number}/comments", headers=stage.token(), json=body)
    assert answer.status_code == status
    assert set(answer.json()) >= {"message", "documentation_url", "status"}
    assert issue.comments == []


def test_what_is_not_json_is_refused(stage: Stage) -> None:
    answer = stage.api.post(f"{REPO}/issues", headers=stage.token(), content=b"{nope")
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_the_same_reaction_twice_is_one_reaction(stage: Stage) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo")
    comment = stage.world.comment(issue, "maria", "@porter mock")
    here, mine = f"{REPO}/issues/comments/{comment.id}/reactions", stage.token()
    first = stage.api.post(here, headers=mine, json={"content": "eyes"})
    second = stage.api.post(here, headers=mine, json={"content": "eyes"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert len(stage.api.get(here, headers=mine).json()) == 1
    assert stage.api.post(here, headers=mine, json={"content": "shrug"}).status_code == 422
    assert stage.api.post(f"{REPO}/issues/1/reactions", headers=mine, json={"content": "rocket"}).status_code == 201
    assert stage.api.get(f"{REPO}/issues/1", headers=mine).json()["reactions"]["rocket"] == 1


def test_an_issue_is_opened_labelled_edited_and_closed(stage: Stage) -> None:
    mine = stage.token()
    made = stage.api.post(f"{REPO}/issues", headers=mine, json={"title": "T", "body": "B", "labels": ["bug", "new"]})
    number = made.json()["number"]
    assert made.status_code == 201
    assert [label["name"] for label in made.json()["labels"]] == ["bug", "new"]
    here = f"{REPO}/issues/{number}"
    added = stage.api.post(f"{here}/labels", headers=mine, json={"labels": ["porter"]}).json()
    assert [label["name"] for label in added] == ["bug", "new", "porter"]
    assert len(stage.api.delete(f"{here}/labels/new", headers=mine).json()) == 2
    assert stage.api.delete(f"{here}/labels/new", headers=mine).status_code == 404
    assert len(stage.api.get(f"{here}/labels", headers=mine).json()) == 2
    closed = stage.api.patch(here, headers=mine, json={"state": "closed", "labels": []}).json()
    assert (closed["state"], closed["state_reason"], closed["labels"]) == ("closed", "completed", [])
    assert stage.api.get(f"{REPO}/issues", headers=mine).json() == []
    assert len(stage.api.get(f"{REPO}/issues?state=all", headers=mine).json()) == 1
    assert stage.api.post(f"{REPO}/issues", headers=mine, json={}).status_code == 422


def test_a_pull_request_is_opened_read_and_merged(stage: Stage) -> None:
    mine, head = stage.token(), stage.branch("porter/1", {"src/main.py": 'print("Hello")\n', "née.txt": "x\n"})
    issue = stage.world.add_issue(stage.repository, "maria", "Helo")
    asked = {"title": "Hello", "head": "porter/1", "base": "main", "body": f"Closes #{issue.number}"}
    made = stage.api.post(f"{REPO}/pulls", headers=mine, json=asked)
    assert made.status_code == 201, made.text
    it = made.json()
    assert (it["additions"], it["deletions"], it["changed_files"], it["commits"]) == (2, 1, 2, 1)
    assert (it["mergeable"], it["mergeable_state"], it["head"]["sha"]) == (True, "clean", head)
    here = f"{REPO}/pulls/{it['number']}"
    files = stage.api.get(f"{here}/files", headers=mine).json()
    assert {one["filename"]: one["status"] for one in files} == {"née.txt": "added", "src/main.py": "modified"}
    assert '+print("Hello")' in next(one["patch"] for one in files if one["filename"] == "src/main.py")
    diff = stage.api.get(here, headers={**mine, "Accept": "application/vnd.github.diff"})
    assert diff.text.startswith("diff --git ")
    assert len(stage.api.get(f"{here}/commits", headers=mine).json()) == 1
    assert stage.api.put(f"{here}/merge", headers=mine, json={"sha": "0" * 40}).status_code == 409
    merged = stage.api.put(f"{here}/merge", headers=mine, json={"sha": head})
    assert merged.json()["merged"] is True
    assert stage.repository.git.branches()["main"] == merged.json()["sha"]
    assert stage.api.put(f"{here}/merge", headers=mine, json={}).status_code == 405
    assert stage.api.get(f"{REPO}/issues/{issue.number}", headers=mine).json()["state"] == "closed"
    after = stage.api.get(here, headers=mine).json()
    assert (after["merged"], after["additions"], after["merged_by"]["login"]) == (True, 2, "porter[bot]")


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_other_ways_to_merge(stage: Stage, method: str) -> None:
    mine = stage.token()
    stage.branch("topic")
    git = stage.repository.git
    git.commit("main", {"other.txt": "o"}, author="Bo", email="bo@example.test", message="Meanwhile")
    stage.api.post(f"{REPO}/pulls", headers=mine, json={"title": "T", "head": "topic", "base": "main"})
    done = stage.api.put(f"{REPO}/pulls/1/merge", headers=mine, json={"merge_method": method})
    assert done.status_code == 200, done.text
    assert {entry.path for entry in git.tree("main") or []} >= {"other.txt", "new.txt"}
    assert len(git.commits(None, "main")) == 3


def test_branches_in_conflict_are_not_mergeable(stage: Stage) -> None:
    mine = stage.token()
    stage.branch("topic", {"README.md": "one\n"})
    stage.repository.git.commit("main", {"README.md": "two\n"}, author="B", email="b@example.test", message="No")
    made = stage.api.post(f"{REPO}/pulls", headers=mine, json={"title": "T", "head": "topic", "base": "main"}).json()
    assert (made["mergeable"], made["mergeable_state"]) == (False, "dirty")
    assert stage.api.put(f"{REPO}/pulls/1/merge", headers=mine, json={}).status_code == 405


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param({"head": "nowhere"}, '"field": "head"', id="missing-head"),
        pytest.param({"base": "nowhere"}, '"field": "base"', id="missing-base"),
        pytest.param({"head": "even"}, "No commits between main and even", id="nothing-new"),
        pytest.param({"head": "eve:topic"}, '"field": "head"', id="not-our-fork"),
        pytest.param({"title": None}, '"field": "title"', id="no-title"),
        pytest.param({"draft": "yes"}, "is not a boolean", id="draft-is-text"),
    ],
)
def test_a_pull_request_that_cannot_be(stage: Stage, asked: dict[str, Any], words: str) -> None:
    stage.branch("topic")
    stage.repository.git.run("update-ref", "refs/heads/even", "refs/heads/main")
    body = {"title": "T", "head": "topic", "base": "main", **asked}
    answer = stage.api.post(f"{REPO}/pulls", headers=stage.token(), json=body)
    assert answer.status_code == 422
    assert words in answer.text


def test_one_open_pull_request_for_a_head_and_a_base(stage: Stage) -> None:
    stage.branch("topic")
    mine, asked = stage.token(), {"title": "T", "head": "acme:topic", "base": "main"}
    assert stage.api.post(f"{REPO}/pulls", headers=mine, json=asked).status_code == 201
    again = stage.api.post(f"{REPO}/pulls", headers=mine, json=asked)
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "A pull request already exists for acme:topic."
    found = stage.api.get(f"{REPO}/pulls?head=acme:topic&state=all", headers=mine).json()
    assert [one["number"] for one in found] == [1]
    assert stage.api.get(f"{REPO}/pulls?head=acme:other", headers=mine).json() == []
    assert stage.api.patch(f"{REPO}/pulls/1", headers=mine, json={"state": "closed"}).json()["state"] == "closed"
    assert stage.api.post(f"{REPO}/pulls", headers=mine, json=asked).status_code == 201


def test_reviewers_are_collaborators_and_not_the_author(stage: Stage) -> None:
    stage.branch("topic")
    asked = {"title": "T", "head": "topic", "base": "main"}
    assert stage.api.post(f"{REPO}/pulls", headers=stage.person("tom"), json=asked).status_code == 201
    here, mine = f"{REPO}/pulls/1/requested_reviewers", stage.token()
    assert stage.api.post(here, headers=mine, json={"reviewers": ["tom"]}).status_code == 422
    assert stage.api.post(here, headers=mine, json={"reviewers": ["eve"]}).status_code == 422
    done = stage.api.post(here, headers=mine, json={"reviewers": ["maria"]})
    assert [one["login"] for one in done.json()["requested_reviewers"]] == ["maria"]


def test_what_is_in_git_can_be_read(stage: Stage) -> None:
    mine = stage.token()
    one = stage.api.get(f"{REPO}/contents/src/main.py?ref=main", headers=mine).json()
    assert base64.b64decode(one["content"]) == b'print("Helo")\n'
    listed = stage.api.get(f"{REPO}/contents/src", headers=mine).json()
    assert [(it["type"], it["path"]) for it in listed] == [("file", "src/main.py")]
    raw = stage.api.get(f"{REPO}/contents/README.md", headers={**mine, "Accept": "application/vnd.github.raw+json"})
    assert raw.text == "# widgets\n"
    assert stage.api.get(f"{REPO}/contents/nope.md", headers=mine).status_code == 404
    assert stage.api.get(f"{REPO}/contents/README.md?ref=--help", headers=mine).status_code == 404
    tree = stage.api.get(f"{REPO}/git/trees/main?recursive=1", headers=mine).json()
    assert {it["path"]: it["type"] for it in tree["tree"]}["src/main.py"] == "blob"
    tip = stage.repository.git.branches()["main"]
    assert stage.api.get(f"{REPO}/git/ref/heads/main", headers=mine).json()["object"]["sha"] == tip
    assert stage.api.get(f"{REPO}/branches/main", headers=mine).json()["commit"]["sha"] == tip
    assert stage.api.get(f"{REPO}/branches/gone", headers=mine).status_code == 404
    assert stage.api.get(REPO, headers=mine).json()["default_branch"] == "main"


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [("maria", "admin", "admin"), ("tom", "write", "write"), ("eve", "read", "read"), ("porter[bot]", "read", "read")],
)
def test_what_people_may_do(stage: Stage, login: str, permission: str, role: str) -> None:
    here = f"{REPO}/collaborators/{login}/permission"
    answer = stage.api.get(here, headers=stage.token()).json()
    assert (answer["permission"], answer["role_name"]) == (permission, role)
    assert stage.api.get(f"{REPO}/collaborators/nobody/permission", headers=stage.token()).status_code == 404


def test_lists_come_in_pages(stage: Stage) -> None:
    mine = stage.token()
    for n in range(5):
        stage.world.add_issue(stage.repository, "maria", f"number {n}")
    first = stage.api.get(f"{REPO}/issues?per_page=2", headers=mine)
    assert [one["number"] for one in first.json()] == [5, 4]
    assert 'page=2>; rel="next"' in first.headers["link"]
    assert 'page=3>; rel="last"' in first.headers["link"]
    second = stage.api.get(first.links["next"]["url"], headers=mine)
    last = stage.api.get(second.links["next"]["url"], headers=mine)
    assert [one["number"] for one in last.json()] == [1]
    assert "next" not in last.links
    assert stage.api.get(f"{REPO}/issues?per_page=9&page=4", headers=mine).json() == []


def test_nothing_new_is_304(stage: Stage) -> None:
    mine = stage.token()
    first = stage.api.get(REPO, headers=mine)
    again = stage.api.get(REPO, headers={**mine, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["x-github-request-id"] != again.headers["x-github-request-id"]


@pytest.mark.parametrize(
    "path", ["/nope", f"{REPO}/issues/abc", f"{REPO}/issues/99999999999999999999", f"{REPO}/pulls/1"]
)
def test_what_is_not_there_is_404_in_json(stage: Stage, path: str) -> None:
    answer = stage.api.get(path, headers=stage.token())
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    assert stage.api.put("/app", headers=stage.token()).status_code == 404
