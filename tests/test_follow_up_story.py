"""A review becomes commits on the same branch: the real processes, beside stand-ins for GitHub and Fly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from porter.demo import Stage, stage
from tests.onlooker import Json, Onlooker

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("porter") / "data") as running:
        yield running


@pytest.fixture
def we(demo: Stage) -> Onlooker:
    return Onlooker(demo)


def test_a_review_with_two_remarks_becomes_one_run_and_one_more_commit(we: Onlooker) -> None:
    task = we.ended_task_of(we.comment("@porter mock fix the greeting", issue=1))
    pull = we.pull(task["pr_number"])
    remarks = [("README.md", 7, "Here, please."), ("greeter.py", 5, "Here too.")]
    review = we.review(pull, 'Replace "Hello" with "Good morning".', remarks)
    again = we.ended(task["id"], run=2)

    assert (again["status"], again["outcome"], again["pr_number"]) == ("succeeded", "pull_request", pull["number"])
    assert len([one for one in we.pulls() if one["head"]["ref"] == task["branch"]]) == 1
    assert [commit["sha"] for commit in we.commits_of(pull)] == [task["head_sha"], again["head_sha"]]
    assert "Good morning" in we.diff_of(pull)
    answers = we.wait_for(lambda: _both(we.answers_in_threads(pull)))
    assert [one["in_reply_to_id"] for one in answers] == we.remarks_of(pull, review)
    assert all(again["head_sha"][:7] in one["body"] for one in answers)
    [reply] = we.wait_for(lambda: we.porters_comments(issue=pull["number"]))
    assert again["head_sha"][:7] in reply["body"]
    [status_comment] = we.porters_comments(issue=1)
    assert f"#{pull['number']}" in status_comment["body"]
    assert [user["login"] for user in we.pull(pull["number"])["requested_reviewers"]] == ["maria"]
    assert len(we.machines_of(task["id"])) == 2

    log = "\n".join(we.log_of(task["id"]))
    assert "goes on with the conversation of its earlier run" in log
    assert "This is turn 2 of our conversation." in log


def test_a_comment_on_the_pull_request_while_a_run_works_waits_and_then_adds_to_it(we: Onlooker) -> None:
    task = we.ended_task_of(we.comment("@porter mock write a note about following up", issue=2))
    number = task["pr_number"]
    we.comment("@porter mock [mock:sleep=4] write a note about the first", issue=number)
    we.wait_for(lambda: we.task(task["id"])["status"] == "running")
    we.comment("@porter write a note about the second", issue=number)
    we.wait_for(
        lambda: [one for one in we.porters_comments(issue=number) if "waits for the run at work" in one["body"]]
    )

    we.ended(task["id"], run=3)

    assert len(we.commits_of(we.pull(number))) == 3
    assert len([one for one in we.pulls() if one["head"]["ref"] == task["branch"]]) == 1


def _both(answers: list[Json]) -> list[Json]:
    return answers if len(answers) == 2 else []
