"""From words alone to the main branch without leaving Porter: the real processes, beside stand-ins for the outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from porter.demo import Stage, stage
from porter.demo_files import REPOSITORY
from tests.onlooker import Json, Onlooker

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("porter") / "data") as running:
        yield running


@pytest.fixture
def we(demo: Stage) -> Onlooker:
    return Onlooker(demo)


def started(we: Onlooker, words: str) -> Json:
    made = we.api("POST", "/api/tasks", {"repository": REPOSITORY, "instructions": words, "agent": "mock"})
    assert made.status_code == 201, made.text
    task: Json = we.ended(made.json()["id"])
    assert (task["status"], task["outcome"]) == ("succeeded", "pull_request"), task["message"]
    return task


def look(we: Onlooker, task: Json) -> Json:
    seen = we.api("GET", f"/api/review/{task['id']}/pull")
    assert seen.status_code == 200, seen.text
    found: Json = seen.json()
    return found


def test_words_become_an_issue_a_pull_request_and_a_merge(we: Onlooker) -> None:
    before = len(we.issues())
    task = started(we, 'Replace "Helo" with "Hello".\n\nThe README shows it too.')
    issue, pull = we.issue(task["issue_number"]), we.pull(task["pr_number"])
    assert len(we.issues()) == before + 1
    assert issue["title"] == 'Replace "Helo" with "Hello".' and "The README shows it too." in issue["body"]
    assert f"Closes #{issue['number']}" in pull["body"]
    [status_comment] = we.porters_comments(issue=issue["number"])
    assert f"#{pull['number']}" in status_comment["body"]
    tasks = we.api("GET", f"/api/tasks?issue_number={issue['number']}").json()["tasks"]
    assert [one["id"] for one in tasks] == [task["id"]]  # our own issue ordered no second task

    seen = look(we, task)
    assert (seen["mergeable"], seen["mergeable_state"], seen["head_sha"]) == (True, "clean", task["head_sha"])
    decision = {"task_id": task["id"], "head_sha": seen["head_sha"], "method": "squash"}
    assert we.api("POST", "/api/review/merge", decision | {"head_sha": "0" * 40}).status_code == 409
    assert "Helo" in we.file("greeter.py")

    merged = we.api("POST", "/api/review/merge", decision)
    assert merged.status_code == 200, merged.text
    assert merged.json()["task"]["pr_state"] == we.task(task["id"])["pr_state"] == "merged"
    assert 'GREETING = "Hello"' in we.file("greeter.py")
    assert we.pull(task["pr_number"])["merged"] is True
    assert we.issue(issue["number"])["state"] == "closed"
    again = we.api("POST", "/api/review/merge", decision)
    assert (again.status_code, again.json()["sha"]) == (200, merged.json()["sha"])


def test_changes_are_asked_for_and_while_more_are_made_it_is_rejected(we: Onlooker) -> None:
    task = started(we, "Write a note about manners")
    asked = {"task_id": task["id"], "words": "Write a note about patience"}
    assert we.api("POST", "/api/review/request-changes", asked).status_code == 200
    again = we.ended(task["id"], run=2)
    assert again["head_sha"] != task["head_sha"]
    number = task["pr_number"]
    [answer] = we.wait_for(lambda: we.porters_comments(issue=number))
    assert "> Write a note about patience" in answer["body"] and again["head_sha"][:7] in answer["body"]

    more = {"task_id": task["id"], "words": "Write a note about haste [mock:hang]"}
    assert we.api("POST", "/api/review/request-changes", more).status_code == 200
    we.wait_for(lambda: we.task(task["id"])["status"] == "running")
    rejected = we.api("POST", "/api/review/reject", {"task_id": task["id"], "reason": "No notes, please."})
    assert (rejected.status_code, rejected.json()["pr_state"]) == (200, "closed"), rejected.text
    assert we.pull(number)["state"] == "closed"
    [said] = [one["body"] for one in we.porters_comments(issue=number) if "> No notes, please." in one["body"]]
    assert "nothing of it is pushed" in said
    stopped = we.ended(task["id"], run=3)
    assert (stopped["status"], "is not kept" in stopped["message"]) == ("cancelled", True), stopped["message"]
    assert [commit["sha"] for commit in we.commits_of(we.pull(number))] == [task["head_sha"], again["head_sha"]]
