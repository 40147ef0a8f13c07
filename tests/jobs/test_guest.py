"""Porter is a good guest of GitHub: it waits when asked to, writes slowly, and looks before it repeats a write."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import timedelta

import pytest

from jobs import labels
from jobs.answer import answer
from jobs.finish import finish
from jobs.follow_up import advance
from jobs.github.app import App, Purpose
from jobs.github.client import Repository
from jobs.github.errors import Crowded, GitHubUnavailable, RateLimited
from jobs.github.guest import LONGEST_WAIT, Guest
from jobs.launch import launch
from store.lifecycle import Status
from tests.jobs import feedback_stage as feedback
from tests.jobs.stage import Stage
from tests.jobs.test_answer import asked


@pytest.fixture
def here(stage: Stage) -> Repository:
    return stage.services.github.repository("acme/widgets", stage.github.installation)


def test_writes_are_a_second_apart_and_reads_are_not(stage: Stage, here: Repository):
    began = stage.clock()
    for n in range(4):
        here.create_comment(stage.issue.number, f"comment {n}")
        here.default_branch()
    made = [one.created_at - began for one in stage.issue.comments]
    assert made == [timedelta(seconds=n) for n in range(4)]


def test_two_installations_do_not_wait_for_each_other(stage: Stage):
    guest = stage.services.github.guest
    guest.wait_to_write(1)
    assert not guest.is_idle(1)
    assert guest.is_idle(2)


def test_a_line_that_is_too_long_is_told_and_not_joined(stage: Stage):
    waited: list[float] = []
    guest = Guest(stage.services.db, stage.clock, waited.append)
    for _ in range(int(LONGEST_WAIT) + 1):
        guest.wait_to_write(1)
    for _ in range(3):
        with pytest.raises(Crowded) as crowded:
            guest.wait_to_write(1)
        assert crowded.value.retry_after == LONGEST_WAIT + 1
    assert max(waited) == LONGEST_WAIT


def test_a_launch_does_not_wait_until_porter_may_write_again(stage: Stage):
    task = stage.task()
    crowd = Guest(stage.services.db, stage.clock, lambda _seconds: None)
    with pytest.raises(Crowded):
        while True:
            crowd.wait_to_write(stage.github.installation)
    launch(stage.services, task.run_id)
    assert len(stage.host.machines) == 1
    assert stage.replies() == []
    stage.wait(30)
    stage.sweep_up(task)
    assert len(stage.replies()) == 1


def test_a_pause_that_github_asks_for_holds_all_processes_back(stage: Stage, here: Repository):
    here.default_branch()
    stage.github.world.faults.fail_next("GET", "/branches/", 429, headers={"retry-after": "40"})
    with pytest.raises(RateLimited):
        here.has_branch("main")
    calls = stage.outside.calls
    another = Guest(stage.services.db, stage.clock, lambda _seconds: None)
    with pytest.raises(RateLimited) as limited:
        another.ask(stage.github.installation, lambda: pytest.fail("github was asked"))
    assert limited.value.retry_after == 40
    with pytest.raises(RateLimited):
        here.default_branch()
    assert stage.outside.calls == calls
    stage.wait(41)
    assert here.default_branch() == "main"


def test_a_spent_limit_is_waited_for_until_it_is_whole_again(stage: Stage, here: Repository):
    here.default_branch()
    stage.github.world.limits.core_per_hour = 1
    with pytest.raises(RateLimited) as limited:
        here.default_branch()
    assert 3500 < (limited.value.retry_after or 0) <= 3600
    stage.wait(3601)
    assert here.default_branch() == "main"


def test_while_github_asks_for_a_pause_a_launch_waits_as_long(stage: Stage):
    task = stage.task()
    stage.github.world.faults.fail_next("GET", "/permission$", 403, headers={"retry-after": "120"})
    launch(stage.services, task.run_id)
    assert "slow down" in stage.now_task(task).message
    stage.wait(110)
    calls = stage.outside.calls
    launch(stage.services, task.run_id)
    assert stage.outside.calls == calls
    stage.wait(11)
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.LAUNCHING


@pytest.mark.parametrize("path", ["/comments$", "/reactions$", "/requested_reviewers$", "/pulls$", "/labels$"])
def test_a_write_whose_answer_is_lost_is_looked_for_before_it_is_repeated(stage: Stage, path: str):
    task = stage.task()
    stage.github.world.faults.drop_reply_next("POST", path)
    for _ in range(3):
        launch(stage.services, task.run_id)
        stage.wait(10)
    stage.result(task)
    for _ in range(3):
        finish(stage.services, task.run_id)
        stage.wait(70)
        stage.sweep_up(task)
        labels.publish(stage.services, task.id)
    assert stage.now_task(task).status is Status.SUCCEEDED
    assert [label.name for label in stage.issue.labels] == ["porter:done"]
    assert (len(stage.replies()), len(stage.pulls())) == (1, 1)
    assert stage.reactions(task) == ["eyes"]
    assert [user.login for user in stage.pulls()[0].pull.reviewers] == ["maria"]


def test_a_reply_whose_answer_is_lost_is_looked_for_before_it_is_repeated(stage: Stage):
    key = asked(stage, "help")
    stage.github.world.faults.drop_reply_next("POST", "/comments$")
    for _ in range(3):
        answer(stage.services, key)
        stage.wait(61)
    assert len(stage.replies()) == 1


def test_a_refusal_whose_answer_is_lost_is_looked_for_before_it_is_repeated(stage: Stage):
    task = stage.task(requested_by="eve")
    stage.github.world.faults.drop_reply_next("POST", "/comments$")
    launch(stage.services, task.run_id)
    for _ in range(3):
        stage.wait(61)
        stage.sweep_up(task)
    assert len(stage.replies()) == 1


@pytest.mark.parametrize("path", ["/replies$", "/issues/[0-9]+/comments$"])
def test_an_answer_to_feedback_whose_answer_is_lost_is_looked_for_before_it_is_repeated(stage: Stage, path: str):
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    head = stage.github.branch(stage.now_task(task).branch or "", feedback.FILES)
    stage.result(task, push=False, head_sha=head)
    finish(stage.services, task.run_id)
    key = feedback.heard(stage, task, f"review:{feedback.review(stage).id}")
    again = feedback.begun(stage, key)
    stage.result(again, push=False, head_sha=feedback.SECOND)
    finish(stage.services, again.run_id)
    stage.github.world.faults.drop_reply_next("POST", path)
    for _ in range(4):
        with suppress(GitHubUnavailable):
            advance(stage.services, key)
        stage.wait(61)
    assert (len(feedback.answers(stage)), len(feedback.said(stage))) == (2, 1)


def test_many_jobs_share_one_token_for_each_purpose(stage: Stage):
    world, repository = stage.github.world, stage.github.repository
    for issue in [world.add_issue(repository, "maria", "One of several") for _ in range(5)]:
        launch(stage.services, stage.task(issue_number=issue.number).run_id)
    minted = [call.body for call in stage.github.world.calls if call.path.endswith("/access_tokens")]
    talk = {"contents": "read", "issues": "write", "pull_requests": "write"}
    assert [body["permissions"] for body in minted].count(talk) == 1
    # A machine's token is its own: it ends with the run.
    assert [body["permissions"] for body in minted].count({"contents": "read"}) == 5
    assert all(body["repositories"] == ["widgets"] for body in minted)


def test_the_app_speaks_with_words_that_live_less_than_ten_minutes(stage: Stage):
    app: App = stage.services.github.app
    stage.services.github.app.mint(stage.github.installation, "acme/widgets", Purpose.CLONE)
    assert stage.github.world.calls[-1].status == 201  # the emulator, as GitHub, refuses longer ones
    issued, ends = _times(app._jwt())
    assert ends - issued <= 600
    assert ends - stage.clock().timestamp() <= 600


def _times(token: str) -> tuple[int, int]:
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims["iat"], claims["exp"]
